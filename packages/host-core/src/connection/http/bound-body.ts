import { AnswerTooLargeError } from "../connection.ts";
import { MESSAGE_BYTES_MAX, MESSAGE_TOO_LARGE } from "../wire/json-rpc.ts";
import { BodyGauge } from "./body-gauge.ts";

export function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type")?.toLowerCase().startsWith("text/event-stream") === true;
}

/** Whether the response says how long its body is, after all decoding. */
function lengthOf({ headers }: Response): number | null {
  const length = headers.get("content-length");
  return length === null || headers.has("content-encoding") ? null : Number(length);
}

/**
 * A response whose body fails with `AnswerTooLargeError` when it is too large; an event stream when one of its events
 * is. One that says that it is small stays as it is.
 */
export function boundBody(response: Response): Response {
  const { body, status, headers } = response;
  if (!body) return response;
  const length = lengthOf(response);
  if (length !== null && length <= MESSAGE_BYTES_MAX) return response;
  if (length !== null) {
    // Nobody reads it: how it ends is of no interest.
    body.cancel().catch(() => {});
    throw new AnswerTooLargeError(MESSAGE_TOO_LARGE);
  }
  const isStream = isEventStream(response);
  const gauge = new BodyGauge(isStream);
  const measure = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      gauge.add(chunk);
      controller.enqueue(chunk);
    },
  });
  const measured = body.pipeThrough(measure);
  // Streams are read by their body; all else by the methods of a response, which are bound to the one that it was made with.
  if (isStream) return Object.defineProperty(response, "body", { value: measured });
  return new Response(measured, { status, headers });
}
