import { EventEmitter } from "node:events";
import type { LogEvent } from "@millrace/job-store";
import { Hono } from "hono";
import { expect, test } from "vitest";
import { OpenStreams } from "../metrics/open-streams.ts";
import { eventStreamResponse } from "./event-stream.ts";

const END: LogEvent = { id: 1, type: "job.completed", json: "{}", terminal: true };

/** Quiet until it is told to look again: the message that would have woken it is lost. */
class QuietFollower {
  isDisposed = false;
  #isRechecked = false;

  next(): Promise<LogEvent[]> {
    return Promise.resolve(this.#isRechecked ? [END] : []);
  }

  recheck(): void {
    this.#isRechecked = true;
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

function answer(follower: QuietFollower): Promise<Response> {
  const { signal: shutdown } = new AbortController();
  const app = new Hono();
  app.get("/", (c) => eventStreamResponse(c, follower, { shutdown, openStreams: new OpenStreams() }));
  return Promise.resolve(app.request("/", {}, { outgoing: new EventEmitter() }));
}

test("[api.events.reread] a quiet stream has a comment, and then what no message has told of", async () => {
  const follower = new QuietFollower();
  const reader = (await answer(follower)).body?.getReader();
  const seen: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    seen.push(Buffer.from((await reader?.read())?.value ?? []).toString());
  }
  expect(seen).toEqual(["retry: 1000\n\n", ": keep-alive\n\n", "id: 1\nevent: job.completed\ndata: {}\n\n"]);
  expect(await reader?.read()).toEqual({ done: true, value: undefined });
  expect(follower.isDisposed).toBe(true);
});
