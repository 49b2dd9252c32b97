import { isTerminalEvent } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { endOf, logOf, submitChat, untilEvent } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const RACES = FULL ? 1_000 : 120;
/** What a busy machine adds to "at once"; the model would keep the jobs for a minute. */
const SOON_MS = 10_000;

let system: ChatSystem;
let client: HttpClient;

beforeAll(async () => {
  system = await startChatSystem({
    redisUrl: inject("redisUrl"),
    servers: [fixtureServer()],
    worker: { CHAT_CONCURRENCY: "4" },
  });
  client = system.client;
  await system.startWorker();
  await client.until<{ workers: unknown[] }>("/workers", ({ workers }) => workers.length === 2);
});
afterAll(() => system.close());

const cancel = ({ id }: { id: string }) => client.post(`/jobs/${id}/cancel`, {});

test("[cancel.fleet] a cancel reaches its job on whichever worker it runs", async () => {
  system.anthropic.script = { turns: [{ text: "once upon", chunk_length: 4, stall_after: 1 }] };
  const jobs = await Promise.all(Array.from({ length: 8 }, () => submitChat(client, { message: "tell" })));
  await Promise.all(jobs.map((job) => untilEvent(client, job, "text.delta")));
  const asked = Date.now();
  const answers = await Promise.all(jobs.map(cancel));
  expect(answers.map(({ status }) => status)).toEqual(jobs.map(() => 202));
  const ended = await Promise.all(jobs.map((job) => endOf(client, job)));
  expect(ended.map(({ status }) => status)).toEqual(jobs.map(() => "cancelled"));
  expect(new Set(ended.map(({ worker_id }) => worker_id)).size).toBe(2);
  const last = Math.max(...ended.map(({ finished_at }) => Date.parse(finished_at ?? "")));
  expect(last - asked).toBeLessThan(SOON_MS);
});

test(
  "[cancel.race] a cancel that races the end gives one end, and the answer says which",
  async () => {
    system.anthropic.script = {
      turns: [{ tool_calls: [{ name: "fixture__echo", input: { text: "x" } }] }, { text: "the end" }],
    };
    const outcomes = new Map<string, number>();
    for (let race = 0; race < RACES; race += 8) {
      await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const outcome = await raceOnce((race + index) % 11);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }),
      );
    }
    // Both ways must have been taken, or the race has proved nothing.
    expect([...outcomes.keys()].toSorted()).toEqual(["200 completed", "202 cancelled"]);
  },
  FULL ? 300_000 : 120_000,
);

/** Cancels a job when it has so many events; 202 must end in cancelled, 200 in what it was. */
async function raceOnce(after: number): Promise<string> {
  const job = await submitChat(client, { message: "race" });
  await using stream = await client.events(job.id);
  for (let seen = 0; seen < after; seen += 1) {
    const frame = await stream.next();
    if (!frame || isTerminalEvent(frame.event)) break;
  }
  const answers = await Promise.all([cancel(job), cancel(job)]);
  // The one that comes second finds it cancelled, if it has ended by then.
  const status = answers.some((answer) => answer.status === 202) ? 202 : 200;
  const events = await logOf(client, job);
  const ended = await endOf(client, job);
  expect(events.at(-1)).toMatchObject({ type: `job.${ended.status}`, job: ended });
  return `${status} ${ended.status}`;
}
