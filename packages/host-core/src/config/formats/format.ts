import type { JsonObject, ProblemDetailError } from "@millrace/contracts";

/** A configuration file in our own form, not validated yet, and what its reader was told on the way. */
export interface Converted {
  /** What `McpConfig` accepts when all is well. */
  readonly config: unknown;
  /** What of the file has no effect, each with its path. */
  readonly warnings: readonly string[];
  /** What cannot be put into our form, each with its path. */
  readonly errors: readonly ProblemDetailError[];
}

/** One of the forms in which a file of MCP servers may be written. */
export interface ConfigFormat {
  /** The top-level key that holds the servers, by which the form is known. */
  readonly serversKey: string;
  convert: (file: JsonObject) => Converted;
  /** Where in the file stands what our own form has at `path`. */
  originalPath: (path: readonly PropertyKey[]) => readonly PropertyKey[];
}
