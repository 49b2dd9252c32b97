import { sanitiseToolName } from "@millrace/contracts";
import { TOOL_NAME_LENGTH_MAX } from "../catalogue/names.ts";

/**
 * A call's name as every provider takes it back. A model may have called a tool by a name that no tool can have; that
 * call was answered, and the conversation must not be refused for it.
 */
export function sentToolName(name: string): string {
  return sanitiseToolName(name).slice(0, TOOL_NAME_LENGTH_MAX) || "nameless";
}
