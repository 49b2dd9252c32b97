import { ConnectionLostError } from "../connection.ts";
import type { JsonRpcMessage, RequestId } from "../wire/json-rpc.ts";
import { readMessages } from "../wire/read-messages.ts";
import { boundBody } from "./bound-body.ts";
import { standInAnswer } from "./stand-in-answer.ts";

const OK = 200;
/** The SDKs read nothing of a response with this status. */
const ACCEPTED = 202;

export function isWholeAnswer({ ok, body, headers }: Response): boolean {
  // Without a body, as with status 204, there is nothing to read, and no copy can be made.
  return (
    ok && body !== null && headers.get("content-type")?.toLowerCase().startsWith("application/json") === true
  );
}

/** Reads an answer to its end, so that until then it can be ended. The SDKs are stricter with what it says. */
export async function readWhole(response: Response, id: RequestId): Promise<Response> {
  const { status, headers } = response;
  const bytes = await boundBody(response).arrayBuffer();
  const isAnswer = status === ACCEPTED && holdsAnswer(bytes, id);
  const whole = new Response(bytes, { status: isAnswer ? OK : status, headers });
  return Object.defineProperty(whole, "json", {
    value: async () => withAnswer(readMessages(await whole.text()), id),
  });
}

function isAnswerTo(id: RequestId, message: JsonRpcMessage): boolean {
  return message.method === undefined && message.id !== undefined && Number(message.id) === id;
}

function holdsAnswer(bytes: ArrayBuffer, id: RequestId): boolean {
  try {
    return readMessages(new TextDecoder().decode(bytes)).some((message) => isAnswerTo(id, message));
  } catch {
    return false;
  }
}

/** Nothing comes after it: an error that names no request is this one's, and without an answer there will be none. */
function withAnswer(messages: readonly JsonRpcMessage[], id: RequestId): JsonRpcMessage[] {
  const read = messages.map((message) => {
    const isUnnamed = message.error !== undefined && (message.id ?? null) === null;
    return isUnnamed ? { ...message, id } : message;
  });
  if (read.some((message) => isAnswerTo(id, message))) return read;
  const error = new ConnectionLostError("its response holds no answer to the request");
  return [...read, standInAnswer(id, error)];
}
