import { describeError } from "../../describe-error.ts";
import { INTERNAL_ERROR, type JsonRpcMessage, type RequestId } from "./json-rpc.ts";

const MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);
const BYTE_ORDER_MARK = "\uFEFF";

const VERSION = String.raw`"jsonrpc"\s*:\s*"2\.0"`;
const ID = String.raw`"id"\s*:\s*(\d+)`;
/** An answer that begins with its id. */
const ID_FIRST = new RegExp(
  String.raw`^\s*\{\s*(?:${VERSION}\s*,\s*)?${ID}\s*,\s*(?:${VERSION}\s*,\s*)?"(?:result|error)"`,
);
/** One that ends with it: a key inside of the result is followed by two braces. */
const RESULT_FIRST = new RegExp(String.raw`^\s*\{\s*(?:${VERSION}\s*,\s*)?"(?:result|error)"`);
const ID_LAST = new RegExp(String.raw`,\s*${ID}\s*(?:,\s*${VERSION}\s*)?\}\s*$`);
const TAIL_LENGTH = 200;

/**
 * Reads a text as the messages that it holds: one, or an array of them (JSON-RPC 2.0, "Batch"). It is read loosely,
 * for the SDKs are strict: an answer may lack its version, have an error of null beside its result, and members that
 * nobody knows. An answer that is not valid JSON, as with a NaN, becomes an error for its request.
 *
 * @throws when the text holds no JSON-RPC message.
 */
export function readMessages(given: string): JsonRpcMessage[] {
  const text = given.startsWith(BYTE_ORDER_MARK) ? given.slice(1) : given;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const id = findAnsweredId(text);
    if (id === null) throw error;
    const message = `its answer is not valid JSON: ${describeError(error)}`;
    return [{ jsonrpc: "2.0", id, error: { code: INTERNAL_ERROR, message } }];
  }
  const messages = (Array.isArray(parsed) ? parsed : [parsed])
    .map(toMessage)
    .filter((found) => found !== null);
  if (messages.length === 0) throw new Error("no JSON-RPC 2.0 message");
  return messages;
}

/** Which request a text answers that cannot be parsed, or lacks its middle; null when that is not certain. */
export function findAnsweredId(text: string): RequestId | null {
  const first = ID_FIRST.exec(text)?.[1];
  const found = first ?? (RESULT_FIRST.test(text) ? ID_LAST.exec(text.slice(-TAIL_LENGTH))?.[1] : undefined);
  return found === undefined ? null : Number(found);
}

function toMessage(given: unknown): JsonRpcMessage | null {
  if (typeof given !== "object" || given === null) return null;
  const message = given as JsonRpcMessage;
  // JSON that a server logs to its stdout may have any of the other members.
  const isAnswer = "id" in given && ("result" in given || "error" in given) && !("method" in given);
  if (message.jsonrpc !== "2.0" && !isAnswer) return null;
  const hasNull = message.error === null || (message.result as unknown) === null;
  return message.jsonrpc === "2.0" && !hasNull && hasOnlyMembers(given) ? message : mend(message);
}

function hasOnlyMembers(message: object): boolean {
  for (const name in message) if (!MEMBERS.has(name)) return false;
  return true;
}

function mend(message: JsonRpcMessage): JsonRpcMessage {
  const known = Object.entries(message).filter(
    ([name, value]) => MEMBERS.has(name) && !(value === null && (name === "error" || name === "result")),
  );
  return { ...Object.fromEntries(known), jsonrpc: "2.0" };
}
