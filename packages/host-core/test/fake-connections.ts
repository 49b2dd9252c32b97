import { onTestFinished } from "vitest";
import type { McpConnection, McpConnectionEvents, ServerTool } from "../src/connection/connection.ts";
import { systemClock } from "../src/clock.ts";
import { Slots } from "../src/server/slots.ts";
import { WarmServer, type WarmServerOptions } from "../src/server/warm-server.ts";
import { fixture, recordingLogger } from "./hosts.ts";

type Behaviour = Partial<Pick<McpConnection, "connect" | "ping" | "callTool" | "listTools" | "close">>;

/** A connection that a test holds in its hand. */
export interface FakeConnection {
  readonly events: McpConnectionEvents;
  isClosed: boolean;
  heard: number;
}

export function tool(name: string): ServerTool {
  return { name, description: null, inputSchema: { type: "object" }, outputSchema: null, annotations: null };
}

/** For tests of time alone, under fake timers: no process could be started ten thousand times. */
export function fakeServer(
  behaviour: (connection: FakeConnection) => Behaviour,
  options: Partial<WarmServerOptions> = {},
) {
  const connections: FakeConnection[] = [];
  const logger = recordingLogger();
  let open = 0;
  let mostOpen = 0;
  const server = new WarmServer({
    settings: fixture("fake"),
    logger,
    clock: systemClock,
    hostCalls: new Slots(Number.POSITIVE_INFINITY),
    onChange: () => {},
    openConnection: (_settings, events) => {
      const connection: FakeConnection = { events, isClosed: false, heard: 0 };
      connections.push(connection);
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      return {
        get heard() {
          return connection.heard;
        },
        connect: () => Promise.resolve(),
        listTools: () => Promise.resolve({ tools: [tool("one")], leftOut: [], warnings: [], ttlMs: null }),
        listResources: () => Promise.resolve([]),
        listResourceTemplates: () => Promise.resolve([]),
        listPrompts: () => Promise.resolve([]),
        readResource: () => Promise.resolve([]),
        getPrompt: () => Promise.resolve({ description: null, messages: [] }),
        complete: () => Promise.resolve({ values: [], total: null, hasMore: false }),
        callTool: () =>
          Promise.resolve({ content: [], structuredContent: null, isError: false, misfits: [] }),
        ping: () => Promise.resolve(),
        close: () => {
          if (!connection.isClosed) open -= 1;
          connection.isClosed = true;
          return Promise.resolve();
        },
        ...behaviour(connection),
      };
    },
    ...options,
  });
  onTestFinished(() => server.close());
  return { server, connections, logger, mostOpen: () => mostOpen };
}
