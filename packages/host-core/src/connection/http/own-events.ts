import type { JsonRpcMessage } from "../wire/json-rpc.ts";

/** Events of our own, to be added to a stream. The first line breaks end an event that was cut off. */
export function asEvents(...answers: JsonRpcMessage[]): Uint8Array {
  const events = answers.map((answer) => `\n\nevent: message\ndata: ${JSON.stringify(answer)}\n\n`);
  return new TextEncoder().encode(events.join(""));
}

/** Tells the SDK after which event it is to resume the stream. */
export function asResumption(lastId: string): Uint8Array {
  return new TextEncoder().encode(`\n\nid: ${lastId}\ndata: \n\n`);
}

/** A response of our own, which brings a request to its end. */
export function respondWith(...answers: JsonRpcMessage[]): Response {
  return new Response(asEvents(...answers), { headers: { "content-type": "text/event-stream" } });
}
