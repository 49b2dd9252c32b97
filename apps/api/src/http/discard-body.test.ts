import { Readable } from "node:stream";
import { Hono } from "hono";
import { afterEach, expect, test, vi } from "vitest";
import { discardUnreadBody } from "./discard-body.ts";

afterEach(() => void vi.useRealTimers());

const MIB = 1_024 * 1_024;

/** The end of the answer to a body of which nothing has been read. */
function refuse(body: Readable, shutdown = new AbortController().signal): Promise<string> {
  const app = new Hono();
  app.use(discardUnreadBody(shutdown));
  app.post("/", (c) => c.text("refused", 413));
  const incoming = Object.assign(body, { complete: false });
  return Promise.resolve(app.request("/", { method: "POST" }, { incoming })).then((answer) => answer.text());
}

test("[api.bad.body_size.bounded] of a body without end 256 MiB are read, and none of it is kept", async () => {
  const piece = Buffer.alloc(MIB);
  let sent = 0;
  const endless = new Readable({
    read() {
      sent += 1;
      this.push(piece);
    },
  });
  // Who has read the beginning kept it, and asked the client to wait.
  const kept: Buffer[] = [];
  endless.on("data", (chunk: Buffer) => {
    kept.push(chunk);
    endless.pause();
  });
  endless.pause();
  expect(await refuse(endless)).toBe("refused");
  expect(sent).toBeGreaterThan(256);
  expect(sent).toBeLessThan(260);
  expect(kept).toEqual([]);
  expect(endless.isPaused()).toBe(true);
});

test("[api.bad.body_size.bounded] a body that is sent slowly is read for 30 s, and a silent one for 5 s", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const trickle = new Readable({ read: () => undefined });
  const silent = new Readable({ read: () => undefined });
  const ended: string[] = [];
  const slowly = refuse(trickle).then(() => ended.push("slow"));
  const silently = refuse(silent).then(() => ended.push("silent"));
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(4));
  for (let second = 0; second < 28; second += 4) {
    trickle.push("x");
    await new Promise(setImmediate);
    await vi.advanceTimersByTimeAsync(4_000);
  }
  await silently;
  expect(ended).toEqual(["silent"]);
  trickle.push("x");
  await new Promise(setImmediate);
  await vi.advanceTimersByTimeAsync(2_000);
  await slowly;
  expect(vi.getTimerCount()).toBe(0);
});

test("[api.bad.body_size.bounded] a shutdown, the end of the body or of its client ends the reading", async () => {
  const shutdown = new AbortController();
  const [first, second, third] = [0, 1, 2].map(() => new Readable({ read: () => undefined }));
  if (!first || !second || !third) throw new Error("three bodies");
  const answers = [refuse(first, shutdown.signal), refuse(second), refuse(third)];
  const areRead = () =>
    expect([first, second, third].map((body) => body.readableFlowing)).toEqual([true, true, true]);
  await vi.waitFor(areRead, 20_000);
  shutdown.abort();
  second.push(null);
  third.destroy();
  expect(await Promise.all(answers)).toEqual(["refused", "refused", "refused"]);
});

test("[api.bad.body_size.streamed] an answer that refuses nothing comes as it is made, whatever is left of the body", async () => {
  const app = new Hono();
  app.use(discardUnreadBody(new AbortController().signal));
  const endless = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("first")) });
  app.post("/", (c) => c.body(endless));
  const incoming = Object.assign(new Readable({ read: () => undefined }), { complete: false });
  const answer = await app.request("/", { method: "POST" }, { incoming });
  const reader = answer.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
  await reader?.cancel();
});
