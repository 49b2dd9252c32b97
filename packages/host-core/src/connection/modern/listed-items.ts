import type { JsonRpcMessage } from "../wire/json-rpc.ts";
import { hasOddContent } from "./mend-answer.ts";

const KEYS = ["tools", "resources", "resourceTemplates", "prompts", "content"];
const ITEMS = "millrace/items";

type Answer = Record<string, unknown>;

/**
 * Takes the entries of a list, or the content of a result, out of an answer before the SDK sees it, and puts them aside
 * in `_meta`: the SDK refuses the whole over one odd entry.
 */
export function setItemsAside(message: JsonRpcMessage): JsonRpcMessage {
  const { result } = message;
  if (result === undefined) return message;
  const isListed = (candidate: string) => Array.isArray(result[candidate]);
  const key = KEYS.find(isListed) ?? (hasOddContent(result) ? "content" : undefined);
  if (key === undefined) return message;
  const meta = typeof result["_meta"] === "object" ? result["_meta"] : {};
  // What is missing is null.
  return { ...message, result: { ...result, [key]: [], _meta: { ...meta, [ITEMS]: result[key] ?? null } } };
}

/** The answer as it was sent. */
export function putItemsBack(answer: Answer): Answer {
  const meta = answer["_meta"] as Answer | undefined;
  if (meta?.[ITEMS] === undefined) return answer;
  const key = KEYS.find((candidate) => Array.isArray(answer[candidate]));
  return key === undefined ? answer : { ...answer, [key]: meta[ITEMS] };
}
