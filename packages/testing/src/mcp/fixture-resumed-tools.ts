import { once } from "node:events";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { UrlElicitationRequiredError } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { FixtureStats } from "./fixture-stats.ts";

/** A tool whose client has to come back for the answer; for servers whose streams can be resumed. */
export function registerResumedTools(server: McpServer, stats: FixtureStats): void {
  server.registerTool(
    "hang_up",
    {
      description: "Ends its response before the answer, which is so many bytes, an error, or never there",
      inputSchema: { as: z.enum(["error", "never"]).optional(), bytes: z.int().min(0).default(1) },
    },
    ({ as, bytes }, { signal, closeSSEStream }) =>
      stats.track("hang_up", signal, async () => {
        closeSSEStream?.();
        if (as === "error") throw new UrlElicitationRequiredError([], "open the page first");
        if (as === "never") await once(signal, "abort");
        return { content: [{ type: "text", text: "x".repeat(bytes) }] };
      }),
  );
}
