import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createClient, MillraceConnectionError, type MillraceClient } from "./index.ts";

/** When the one job of the api ends, in milliseconds from the start of a test. */
const JOB_ENDS_AT = 30_000;

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** A client of an api that is away from one time to another; a request that waits then breaks. */
function clientOf(away: { from: number; until: number }): MillraceClient {
  const start = performance.now();
  const now = () => performance.now() - start;
  const isAway = () => now() >= away.from && now() < away.until;
  return createClient({
    url: "http://api",
    async fetch(url, init) {
      const prefer = new Headers(init?.headers).get("prefer")?.replace("wait=", "");
      const seconds = Number(new URL(url).searchParams.get("wait") ?? prefer ?? 0);
      const until = now() + seconds * 1_000;
      while (!isAway() && now() < Math.min(until, JOB_ENDS_AT)) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      if (isAway()) throw new TypeError("fetch failed");
      return Response.json({ id: "job_1", status: now() >= JOB_ENDS_AT ? "completed" : "running" });
    },
  });
}

/** What becomes of it, as soon as nothing waits for any time. */
async function outcome(started: Promise<{ status: string }>): Promise<unknown> {
  const settled = started.then(
    ({ status }) => status,
    (error: unknown) => error,
  );
  await vi.runAllTimersAsync();
  return await settled;
}

test.for([
  ["wait", (client: MillraceClient) => client.jobs.wait("job_1")],
  ["run", (client: MillraceClient) => client.jobs.run({ type: "tool", tool: "slow" })],
] as const)("[client.wait] %s goes on when the api has been away for minutes", async ([, start]) => {
  expect(await outcome(start(clientOf({ from: 5_000, until: 240_000 })))).toBe("completed");
});

test("[client.wait] waiting gives up after five minutes; a submission that nobody takes after seconds", async () => {
  const gone = { from: 0, until: Infinity };
  const start = performance.now();
  expect(await outcome(clientOf(gone).jobs.wait("job_1"))).toBeInstanceOf(MillraceConnectionError);
  const waited = performance.now() - start;
  expect(waited).toBeGreaterThan(290_000);
  const submission = clientOf(gone).jobs.run({ type: "tool", tool: "slow" });
  expect(await outcome(submission)).toBeInstanceOf(MillraceConnectionError);
  expect(performance.now() - start - waited).toBeLessThan(5_000);
});
