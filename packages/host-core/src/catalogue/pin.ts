import { createHash } from "node:crypto";
import { canonicalJson } from "@millrace/contracts";
import type { ServerTool } from "../connection/connection.ts";

/**
 * What an approval of a tool holds fast: all that a model reads of it, and its annotations, for they decide which
 * calls wait for an approval. `sha256:` and hex, the same whatever order the server sends the keys in.
 */
export function pinOf(tool: ServerTool): string {
  const { name, description, inputSchema, outputSchema, annotations } = tool;
  const text = canonicalJson({ name, description, inputSchema, outputSchema, annotations });
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
