import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Problem } from "@millrace/contracts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { randomRequests } from "../../../test/support/random-requests.ts";

const REQUESTS = 600;
const AT_ONCE = 10;
/** Whoever hangs does it for ever; a busy machine only takes long. */
const HANGS_MS = 600_000;
/** Set FUZZ_SEED to the one that a failed run printed. */
const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

let installation: Installation;
let client: HttpClient;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = installation.api.client;
  await client.untilConnected(1);
});
afterAll(() => installation.close());

/** What is wrong with the answer, or null. */
async function fault(path: string, init: RequestInit): Promise<string | null> {
  const response = await fetch(client.url + path, init);
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    // The job may be due in a month.
    await response.body?.cancel();
    return null;
  }
  const text = await response.text();
  if (response.status >= 500) return `${response.status} ${text}`;
  if (response.status < 400 || init.method === "HEAD") return null;
  if (response.headers.get("content-type") !== "application/problem+json") return `no problem: ${text}`;
  const parsed = Problem.strict().safeParse(JSON.parse(text));
  return parsed.success ? null : parsed.error.message;
}

test(
  `[api.bad.fuzz] random requests never meet a bug and never hang (FUZZ_SEED=${seed})`,
  async () => {
    const requests = randomRequests(seed).take(REQUESTS).toArray();
    const faults: string[] = [];
    const next = requests.values();
    const worker = async (): Promise<void> => {
      for (const { path, init } of next) {
        const found = await fault(path, init);
        if (found !== null)
          faults.push(`${init.method} ${path} ${JSON.stringify(init).slice(0, 2_000)}: ${found}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(faults, `FUZZ_SEED=${seed}`).toEqual([]);
    expect((await client.get("/health/ready")).status).toBe(200);
  },
  HANGS_MS,
);
