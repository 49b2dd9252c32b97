import { isTerminalEvent } from "@millrace/contracts";
import type { ModelScript } from "@millrace/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { endOf, submitChat } from "../../../test/support/chat-jobs.ts";
import { startChatSystem, type ChatSystem } from "../../../test/support/chat-system.ts";
import type { Frame } from "../../../test/support/event-stream-reader.ts";
import type { HttpClient } from "../../../test/support/http-client.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";

const FULL = process.env["MILLRACE_TEST_SIZE"] === "full";
const BREAKS = FULL ? 1_000 : 60;
const TIMEOUT_MS = FULL ? 300_000 : 120_000;

let system: ChatSystem;
let client: HttpClient;

beforeAll(async () => {
  system = await startChatSystem({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  client = system.client;
  await client.untilConnected(1);
});
afterAll(() => system.close());

/** Long enough for many deltas: each turn of the model takes about a second. */
const TALKATIVE: ModelScript = {
  turns: [
    {
      thinking: "Hm. ".repeat(100),
      text: "Ünïcode \u{1f642} \u2028 data: and\n\nid: 7\n ".repeat(60),
      chunk_length: 3,
      chunk_delay_ms: 1,
      tool_calls: [
        { name: "fixture__progress", input: { steps: 5 } },
        { name: "fixture__echo", input: { text: "\r\n\n: comment" } },
      ],
    },
  ],
};

/** Numbers from 0 to 1 that fall everywhere and in no order: multiples of the golden ratio, without their wholes. */
const scattered = (count: number): number => (count * 0.618_033_988_749) % 1;

async function readText(response: Response): Promise<string> {
  const text = await response.text();
  return text.replace(/^retry: \d+\n\n/, "");
}

/** The stream of a job that has ended, byte for byte. */
async function unbroken(jobId: string): Promise<string> {
  return readText(await client.get(`/jobs/${jobId}/events`));
}

const rawFrame = ({ id, event, data }: Frame) => `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;

test(
  "[chat.reconnect.live] a reader that breaks off again and again while the job runs has the unbroken log",
  async () => {
    system.anthropic.script = TALKATIVE;
    const request = { message: "talk", max_tool_iterations: FULL ? 40 : 4 };
    const job = await submitChat(client, request);
    let seen = "";
    let last: Frame | null = null;
    let connections = 0;
    while (!last || !isTerminalEvent(last.event)) {
      connections += 1;
      await using stream = await client.events(job.id, last ? { "last-event-id": last.id } : {});
      const most = Math.floor(scattered(connections) * (FULL ? 2 : 5));
      for (let count = 0; count <= most; count += 1) {
        const frame = await stream.next();
        if (!frame) break;
        seen += rawFrame(frame);
        last = frame;
      }
    }
    const whole = await unbroken(job.id);
    expect(seen).toBe(whole);
    expect(connections).toBeGreaterThan(FULL ? 500 : 20);
    expect((await endOf(client, job)).status).toBe("completed");
  },
  TIMEOUT_MS,
);

test(
  "[chat.reconnect.anywhere] a stream that breaks at any byte goes on after its last whole event",
  async () => {
    system.anthropic.script = TALKATIVE;
    const job = await client.chat({ message: "talk", max_tool_iterations: 2 });
    const whole = await unbroken(job.id);
    for (let count = 0; count < BREAKS; count += 1) {
      const received = await cutStream(job.id, Math.floor(scattered(count) * Buffer.byteLength(whole)));
      const kept = received.slice(0, received.lastIndexOf("\n\n") + 2).replace(/^retry: \d+\n\n/, "");
      const last = [...kept.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1];
      const headers: Record<string, string> = last === undefined ? {} : { "last-event-id": last };
      const rest = await readText(await client.get(`/jobs/${job.id}/events`, headers));
      expect(kept + rest, `broken at ${received.length}`).toBe(whole);
    }
  },
  TIMEOUT_MS,
);

/** The first so many bytes of a stream, as a client has them whose connection breaks there. */
async function cutStream(jobId: string, bytes: number): Promise<string> {
  const response = await client.get(`/jobs/${jobId}/events`);
  const received: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop hangs up.
  for await (const chunk of response.body ?? []) {
    received.push(chunk);
    length += chunk.length;
    if (length >= bytes) break;
  }
  return Buffer.concat(received).subarray(0, bytes).toString("utf8");
}
