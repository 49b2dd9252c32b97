import { expect, test } from "vitest";
import { AnswerTooLargeError } from "../connection.ts";
import { MESSAGE_BYTES_MAX } from "../wire/json-rpc.ts";
import { boundBody } from "./bound-body.ts";

/** An answer of 80 MiB; `isCancelled` says that the rest of it is not wanted. */
function huge(headers: Record<string, string>) {
  const mebibyte = new Uint8Array(1_024 * 1_024);
  const state = { isCancelled: false };
  let left = 80;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      left -= 1;
      if (left < 0) controller.close();
      else controller.enqueue(mebibyte);
    },
    cancel: () => {
      state.isCancelled = true;
    },
  });
  return { state, response: new Response(body, { headers }) };
}

test("[host.http.too_large] an answer that says that it is too large is not read", () => {
  const { state, response } = huge({ "content-length": String(MESSAGE_BYTES_MAX + 1) });
  expect(() => boundBody(response)).toThrow(AnswerTooLargeError);
  expect(state.isCancelled).toBe(true);
  const small = new Response("{}", { headers: { "content-length": "2" } });
  expect(boundBody(small)).toBe(small);
});

test("[host.http.too_large] what an answer says of its packed length says nothing of what it holds", async () => {
  const { state, response } = huge({ "content-length": "1000", "content-encoding": "gzip" });
  await expect(boundBody(response).arrayBuffer()).rejects.toBeInstanceOf(AnswerTooLargeError);
  expect(state.isCancelled).toBe(true);
});
