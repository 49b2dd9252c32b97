import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { startPageServer, type PageServer } from "./support/page-server.ts";

// A browser starts slowly on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);
const title = executablePath ? "in Chromium" : "in a browser (left out: no Chromium on this machine)";

let installation: Installation;
let server: PageServer;
let browser: Browser;

beforeAll(async () => {
  if (!executablePath) return;
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await installation.api.client.untilConnected(1);
  server = await startPageServer(installation.api);
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(async () => {
  if (!executablePath) return;
  await browser.close();
  await server[Symbol.asyncDispose]();
  await installation.close();
});

/** Runs the body of an async function that has `client`, in a page whose origin is the api's. */
async function inPage(body: string): Promise<unknown> {
  const page = await browser.newPage();
  try {
    await page.goto(server.url);
    return await page.evaluate(`(async () => {
      const { createClient, MillraceError } = await import("/client/index.ts");
      const client = createClient({ url: location.origin });
      ${body}
    })()`);
  } finally {
    await page.close();
  }
}

test.skipIf(!executablePath)(
  `[client.browser] jobs are submitted, followed and waited for ${title}`,
  async () => {
    const seen = await inPage(`
    const request = { type: "tool", tool: "echo", arguments: { text: "from a page" } };
    const job = await client.jobs.submit(request);
    const types = [];
    for await (const { type } of client.jobs.events(job.id)) types.push(type);
    const { status, result } = await client.jobs.wait(job.id);
    const problem = await client.jobs.get("job_none").catch((error) => error);
    return { types, status, text: result.content[0].text, code: problem instanceof MillraceError && problem.code };
  `);
    expect(seen).toEqual({
      types: ["job.queued", "job.started", "job.completed"],
      status: "completed",
      text: "from a page",
      code: "job_not_found",
    });
  },
);
