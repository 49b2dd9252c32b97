/** A stdio server of protocol 2026-07-28 alone, as a program. */
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { FixtureStats } from "./fixture-stats.ts";
import { createModernServer } from "./modern-server.ts";

const stats = new FixtureStats();
serveStdio(
  () =>
    createModernServer({
      stats,
      grown: new Set(),
      onGrown: (server, name) => {
        server.registerTool(name, { description: "Added while running" }, () => ({ content: [] }));
      },
    }),
  { legacy: "reject" },
);
