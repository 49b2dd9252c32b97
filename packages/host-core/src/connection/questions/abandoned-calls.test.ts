import { beforeEach, expect, test } from "vitest";
import { lastWords } from "../http/stand-in-answer.ts";
import { AbandonedCalls } from "./abandoned-calls.ts";

const SILENCE_MS = 60_000;
let now = 0;
let calls: AbandonedCalls;
beforeEach(() => {
  now = 0;
  calls = new AbandonedCalls({ monotonicMs: () => now, now: () => now });
});

function abandon(requestId: number | undefined): void {
  calls.add({ requestId, progressToken: `progress-${requestId}`, silenceMs: SILENCE_MS });
}

function progress(of: number) {
  return {
    jsonrpc: "2.0" as const,
    method: "notifications/progress",
    params: { progressToken: `progress-${of}` },
  };
}

test("[host.questions.abandoned] a call that was given up counts until its own answer has come", () => {
  expect(calls.areLeft).toBe(false);
  abandon(1);
  abandon(2);
  calls.inspect({ jsonrpc: "2.0", id: 1, result: {} });
  // Of our own, in place of an answer.
  calls.inspect(lastWords(2));
  expect(calls.areLeft).toBe(true);
  calls.inspect({ jsonrpc: "2.0", id: "2", error: { code: 0, message: "cancelled" } });
  expect(calls.areLeft).toBe(false);
});

test("[host.questions.abandoned] a call that was given up counts for as long as a tool may be silent, anew with each sign of life", () => {
  abandon(1);
  abandon(undefined);
  now = SILENCE_MS - 1;
  expect(calls.areLeft).toBe(true);
  calls.inspect(progress(1));
  now += SILENCE_MS - 1;
  expect(calls.areLeft).toBe(true);
  now += 1;
  expect(calls.areLeft).toBe(false);
  calls.inspect(progress(1));
  expect(calls.areLeft).toBe(false);
});

test("[host.questions.abandoned] of very many calls that were given up the last one counts for all", () => {
  for (let id = 0; id < 2_000; id += 1) {
    now += 1;
    abandon(id);
  }
  for (let id = 0; id < 2_000; id += 1) calls.inspect({ jsonrpc: "2.0", id, result: {} });
  expect(calls.areLeft).toBe(true);
  now += SILENCE_MS;
  expect(calls.areLeft).toBe(false);
});
