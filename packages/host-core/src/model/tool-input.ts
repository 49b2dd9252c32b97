import { isJsonObject, ToolArguments, type ToolUseBlock } from "@millrace/contracts";

/** Kept of what a model wrote where its arguments were no JSON. */
const MALFORMED_LENGTH_MAX = 2_000;

/**
 * The arguments of a tool call, from the JSON that a model wrote. Nothing at all means none. What is no JSON object,
 * such as JSON that was cut off, is kept as `malformed_input`, for the model to be told of. So is one that no client may
 * submit: it nests too deep to be stored, or has a number that JSON cannot hold.
 */
export function readToolInput(json: string): Pick<ToolUseBlock, "input" | "malformed_input"> {
  if (json.trim() === "") return { input: {} };
  try {
    const value: unknown = JSON.parse(json);
    if (isJsonObject(value) && ToolArguments.safeParse(value).success) return { input: value };
  } catch {
    // Not JSON: below.
  }
  return { input: {}, malformed_input: json.slice(0, MALFORMED_LENGTH_MAX) };
}
