import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { generateSpecs } from "hono-openapi";
import packageJson from "../../package.json" with { type: "json" };

const ASSETS: Record<string, string> = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
};

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
    description: "Tool jobs over HTTP, run by a fleet of workers that keep their MCP servers warm.",
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
    .use(
      "/docs/*",
      secureHeaders({
        contentSecurityPolicy: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          // Swagger UI sets style attributes, and its icons are data URLs.
          styleSrc: ["'self'", "'unsafe-inline'"],
          imgSrc: ["'self'", "data:"],
          connectSrc: ["'self'"],
        },
      }),
    )
    .get("/docs", (c) => c.html(PAGE))
    .get("/docs/start.js", (c) => c.body(START, 200, { "content-type": "text/javascript; charset=utf-8" }))
    .get("/docs/:asset{(?:swagger-ui\\.css|swagger-ui-bundle\\.js)}", async (c) => {
      const asset = c.req.param("asset");
      const file = await readFile(fileURLToPath(import.meta.resolve(`swagger-ui-dist/${asset}`)));
      return c.body(file, 200, {
        "content-type": ASSETS[asset] ?? "text/plain",
        "cache-control": "max-age=3600",
      });
    });
}
