import { SseError } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "vitest";
import { HttpFailureError } from "../connection.ts";
import { describeBreak, translateError } from "./translate-error.ts";

test("[host.http.content_type] an answer of an unfit content type says what it has to be, without a status of -1", () => {
  const error = translateError(new StreamableHTTPError(-1, "Unexpected content type: null"), null);
  expect(error).toBeInstanceOf(HttpFailureError);
  expect(error.message).toMatch(/content type: null; it has to be application\/json/);
  expect(error.message).not.toContain("-1");
});

test("[host.http.ended] a connection whose event stream simply ends says so", () => {
  const ended = new SseError(undefined, undefined, new Event("error"));
  expect(describeBreak(ended)).toBe("the connection broke: the event stream ended");
  expect(describeBreak(new Error("reset"))).toBe("the connection broke: reset");
});
