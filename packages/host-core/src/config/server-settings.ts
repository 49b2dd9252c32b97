import type { ApprovalRules } from "./approval-rules.ts";

/** How to reach a server, with every `${VAR}` replaced. */
export type TransportSettings =
  | {
      readonly type: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly type: "http" | "sse" | "websocket";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** One active MCP server, resolved and frozen: defaults filled in, durations in milliseconds. */
export interface ServerSettings {
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly transport: TransportSettings;
  /** Bounds connecting and listing. */
  readonly connectTimeoutMs: number;
  /** Bounds one call, counted from when it starts to run. */
  readonly toolTimeoutMs: number;
  readonly maxConcurrentTools: number;
  /** Which calls wait for an approval. */
  readonly approval: ApprovalRules;
  /** Whether what the server writes to stderr is logged. It is kept for `last_error` in any case. */
  readonly logStderr: boolean;
  /** Why this server cannot be started, such as a missing variable; it fails alone. Null when nothing is wrong. */
  readonly problem: string | null;
  /** Texts that must not appear in any log or error. */
  readonly secrets: readonly string[];
}
