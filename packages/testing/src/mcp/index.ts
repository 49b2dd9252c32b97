import { fileURLToPath } from "node:url";

export { startFixtureHttp, type FixtureHttp, type RecordedRequest } from "./fixture-http.ts";
export { createFixtureServer, type FixtureServerOptions } from "./fixture-server.ts";
export { FixtureStats } from "./fixture-stats.ts";

/** Run with node, and with the flags that the file lists. */
export const FIXTURE_STDIO_PROGRAM = fileURLToPath(new URL("fixture-stdio.ts", import.meta.url));

/** Run with node: prints one line of JSON with its URLs. */
export const FIXTURE_HTTP_PROGRAM = fileURLToPath(new URL("fixture-http.ts", import.meta.url));
