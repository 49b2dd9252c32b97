import { fileURLToPath } from "node:url";

export {
  startAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from "./authorization-server.ts";
export {
  startFixtureHttp,
  type FixtureHttp,
  type FixtureHttpOptions,
  type RecordedRequest,
} from "./fixture-http.ts";
export { createFixtureServer, type FixtureServerOptions } from "./fixture-server.ts";
export { startModernHttp, type ModernHttp } from "./modern-http.ts";
export { startProtectedFixture } from "./protected-fixture.ts";
export { FixtureStats } from "./fixture-stats.ts";
export type { LedgerLine } from "./ledger-line.ts";

/** Run with node, and with the flags that the file lists. */
export const FIXTURE_STDIO_PROGRAM = fileURLToPath(new URL("fixture-stdio.ts", import.meta.url));

/** Run with node: over stdio, with tools that are unusual each in its own way. */
export const ODD_TOOLS_PROGRAM = fileURLToPath(new URL("odd-tools-program.ts", import.meta.url));

/** Run with node: prints one line of JSON with its URLs. */
export const FIXTURE_HTTP_PROGRAM = fileURLToPath(new URL("fixture-http.ts", import.meta.url));

/** Run with node: a stdio server of protocol 2026-07-28 alone. */
export const MODERN_STDIO_PROGRAM = fileURLToPath(new URL("modern-stdio.ts", import.meta.url));

/** Run with node: a stdio server whose tool `long` runs as a task. */
export const TASK_STDIO_PROGRAM = fileURLToPath(new URL("task-stdio.ts", import.meta.url));

/** Run with node and `--folder FOLDER --name NAME`: a stdio server that writes each call to a file of its own there. */
export const LEDGER_STDIO_PROGRAM = fileURLToPath(new URL("ledger-stdio.ts", import.meta.url));

/** Run with node: a stdio server whose tools ask the client for a model, a human's word, or its roots. */
export const ASKING_STDIO_PROGRAM = fileURLToPath(new URL("asking-stdio.ts", import.meta.url));
