import { isJsonObject, type JsonObject } from "@millrace/contracts";
import { INTERNAL_ERROR, type JsonRpcMessage } from "../wire/json-rpc.ts";
import { describeOddError } from "../wire/odd-error.ts";

/** Results with these say for how long they are good. */
const CACHEABLE = ["tools", "resources", "resourceTemplates", "prompts", "contents"];
/** How long a list is good whose server does not say so. */
const TTL_MS = 300_000;
/** Only the result of a tool has these. */
const OF_TOOLS = ["content", "structuredContent", "isError", "toolResult"];

/**
 * An answer fit for the SDK, which refuses all of it for one odd member, and does not even notice one that is no
 * object: its request would wait for ever. Other messages, and answers that are fit, stay as they are.
 */
export function mendAnswer(message: JsonRpcMessage): JsonRpcMessage {
  const { id, method, result, error } = message;
  if (method !== undefined || id === undefined) return message;
  if (error !== undefined) return isFitError(error) ? message : refuse(message, describeOddError(error));
  if (result === undefined) return refuse(message, "the answer has neither result nor error");
  const mended = isJsonObject(result) ? mendResult(result) : { resultType: "complete", content: result };
  return mended === result ? message : { ...message, result: mended };
}

function refuse({ jsonrpc, id }: JsonRpcMessage, message: string): JsonRpcMessage {
  return { jsonrpc, ...(id !== undefined && { id }), error: { code: INTERNAL_ERROR, message } };
}

function isFitError(error: unknown): boolean {
  return isJsonObject(error) && Number.isInteger(error["code"]) && typeof error["message"] === "string";
}

function mendResult(result: JsonObject): JsonObject {
  const missing: Record<string, unknown> = {};
  if (typeof result["resultType"] !== "string") missing["resultType"] = "complete";
  if (CACHEABLE.some((key) => Array.isArray(result[key]))) {
    const { ttlMs, cacheScope } = result;
    if (!Number.isSafeInteger(ttlMs) || Number(ttlMs) < 0) missing["ttlMs"] = TTL_MS;
    if (cacheScope !== "public" && cacheScope !== "private") missing["cacheScope"] = "private";
  }
  return Object.keys(missing).length === 0 ? result : { ...result, ...missing };
}

/** Whether a result is a tool's, with content that the SDK would refuse. */
export function hasOddContent(result: JsonObject): boolean {
  return !Array.isArray(result["content"]) && OF_TOOLS.some((key) => key in result);
}
