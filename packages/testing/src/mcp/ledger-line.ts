interface Common {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The server's name. */
  readonly server: string;
  readonly pid: number;
}

/** What a ledger server writes down. `key` is what the caller named the call; a cancelled one has no end. */
export type LedgerLine =
  | (Common & { readonly event: "start"; /** Process id of who has started it. */ readonly parent: number })
  | (Common & { readonly event: "begin" | "end"; readonly tool: string; readonly key: string });
