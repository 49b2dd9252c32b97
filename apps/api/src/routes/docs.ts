import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Hono, type Context } from "hono";
import { generateSpecs } from "hono-openapi";
import packageJson from "../../package.json" with { type: "json" };

/** Swagger UI runs its own script, sets style attributes, and has icons in data URLs. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Millrace API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true });\n`;

const DOCUMENTATION = {
  openapi: "3.1.0",
  info: {
    title: "Millrace",
    version: packageJson.version,
    description: "Chat and tool jobs over HTTP, run by a fleet of workers that keep their MCP servers warm.",
  },
  components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
  security: [{ key: [] }],
} as const;

/** `/openapi.json` and `/docs`, which is served from an npm package: no CDN, nothing from outside. */
export function docsRoutes(api: Hono) {
  let specification: ReturnType<typeof generateSpecs> | null = null;
  return new Hono()
    .get("/openapi.json", async (c) => {
      specification ??= generateSpecs(api, { documentation: structuredClone(DOCUMENTATION) as never });
      return c.json(await specification);
    })
    .get("/docs", (c) => c.html(PAGE, 200, { "content-security-policy": POLICY }))
    .get("/docs/start.js", (c) => c.body(START, 200, { "content-type": "text/javascript; charset=utf-8" }))
    .get("/docs/swagger-ui.css", (c) => asset(c, "swagger-ui.css", "text/css; charset=utf-8"))
    .get("/docs/swagger-ui-bundle.js", (c) =>
      asset(c, "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    );
}

async function asset(c: Context, name: string, contentType: string): Promise<Response> {
  const file = await readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`)));
  return c.body(file, 200, { "content-type": contentType, "cache-control": "max-age=3600" });
}
