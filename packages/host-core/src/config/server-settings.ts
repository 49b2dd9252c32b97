import type { ApprovalRules } from "./approval-rules.ts";

/** How to reach a server, with every `${VAR}` replaced. */
export type TransportSettings =
  | {
      readonly type: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      /** Absolute, or seen from our own folder, which is the default. */
      readonly cwd?: string;
    }
  | {
      readonly type: "http" | "sse" | "websocket";
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** How a remote server is told who calls, with every `${VAR}` replaced. */
export type AuthSettings =
  | { readonly type: "bearer"; readonly token: string }
  | {
      /** OAuth 2.0, RFC 6749 section 4.4. Exactly one of `clientSecret` and `privateKey` is there. */
      readonly type: "client_credentials";
      readonly clientId: string;
      readonly clientSecret: string | null;
      /** PEM; signs the assertion of RFC 7523. */
      readonly privateKey: string | null;
      /** Such as `RS256`; there exactly when `privateKey` is. */
      readonly signingAlgorithm: string | null;
      readonly scope: string | null;
    };

/** `auto` tries the handshake of the older versions, and moves on when the server refuses it. */
type ProtocolChoice = "auto" | "legacy" | "2026-07-28";

/** `lazy` rests after `idleTimeoutMs` without a call, and connects again for the next one. */
type ServerLifecycle = "eager" | "lazy";

/** What is done with a tool that is no longer what it was: see `ToolAdmission`. */
type PinPolicy = "off" | "warn" | "block";

/** What a server may ask of us. */
export interface QuestionSettings {
  /** Whether its tools may ask the model of the job that calls them. */
  readonly sampling: boolean;
  /** How questions for a human are answered; null: the server is told that none are. */
  readonly elicitation: "decline" | "defaults" | null;
  /** `file:///…`; the server is told of roots only when there are any. */
  readonly roots: readonly string[];
}

/** One active MCP server, resolved and frozen: defaults filled in, durations in milliseconds. */
export interface ServerSettings {
  readonly name: string;
  readonly displayName: string;
  readonly description: string | null;
  readonly transport: TransportSettings;
  /** Always null over stdio. */
  readonly auth: AuthSettings | null;
  readonly protocol: ProtocolChoice;
  /** Copies of a stdio server that share its calls; 1 for a remote one. */
  readonly instances: number;
  readonly lifecycle: ServerLifecycle;
  /** How long a lazy server stays connected without a call. Nothing to an eager one. */
  readonly idleTimeoutMs: number;
  /** The worker takes no jobs without it. */
  readonly required: boolean;
  /** Bounds connecting and listing. */
  readonly connectTimeoutMs: number;
  /** Bounds one call, counted from when it starts to run. */
  readonly toolTimeoutMs: number;
  readonly maxConcurrentTools: number;
  /** Globs on the server's own tool names; null lets all through. */
  readonly allowTools: readonly string[] | null;
  /** Goes before `allowTools`. */
  readonly denyTools: readonly string[];
  /** Which calls wait for an approval. */
  readonly approval: ApprovalRules;
  readonly pin: PinPolicy;
  /** What is approved, by the server's own tool name: `sha256:` and hex, see `pinOf`. */
  readonly pins: Readonly<Record<string, string>>;
  readonly questions: QuestionSettings;
  /** Largest result of a call, in bytes of its JSON. */
  readonly resultLimitBytes: number;
  /** Whether what the server writes to stderr is logged. It is kept for `last_error` in any case. */
  readonly logStderr: boolean;
  /** Why this server cannot be started, such as a missing variable; it fails alone. Null when nothing is wrong. */
  readonly problem: string | null;
  /** Texts that must not appear in any log or error. */
  readonly secrets: readonly string[];
  /** Hash of all that the connection and its processes depend on: a change of it takes a new connection. */
  readonly connectionFingerprint: string;
  /** Hash of everything. Neither hash may be shown: secrets went into it. */
  readonly fingerprint: string;
}
