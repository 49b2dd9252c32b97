import { onTestFinished } from "vitest";
import { createConnectionOpener, type ConnectionDependencies } from "../src/connection/open-connection.ts";
import type { McpConnection, McpConnectionEvents } from "../src/connection/connection.ts";
import type { ServerSettings } from "../src/config/server-settings.ts";
import { recordingLogger } from "./hosts.ts";

export interface OpenedConnection {
  connection: McpConnection;
  /** What the connection has told, by the event's name. */
  told: string[];
  /** Resolves at the next event of that name. */
  next(event: keyof McpConnectionEvents): Promise<string>;
}

export type Opener = (settings: ServerSettings) => OpenedConnection;

/** Makes connections that are closed when the test ends. */
export function connections(dependencies: Partial<ConnectionDependencies> = {}): Opener {
  const open = createConnectionOpener({
    processGuard: undefined,
    logger: recordingLogger(),
    ...dependencies,
  });
  return (settings) => {
    const told: string[] = [];
    const waiting = new Map<string, (text: string) => void>();
    const tell =
      (event: keyof McpConnectionEvents) =>
      (text = "") => {
        told.push(`${event} ${text}`.trim());
        waiting.get(event)?.(text);
      };
    const connection = open(settings, {
      onClose: tell("onClose"),
      onToolsChanged: tell("onToolsChanged"),
      onResourcesChanged: tell("onResourcesChanged"),
      onPromptsChanged: tell("onPromptsChanged"),
      onWarning: tell("onWarning"),
      onStderr: tell("onStderr"),
    });
    onTestFinished(() => connection.close());
    const next = (event: keyof McpConnectionEvents) =>
      new Promise<string>((resolve) => waiting.set(event, resolve));
    return { connection, told, next };
  };
}

/** Long enough for anything on a busy machine. */
export const patience = () => AbortSignal.timeout(20_000);

/** Opens and connects. */
export async function connect(open: Opener, settings: ServerSettings): Promise<OpenedConnection> {
  const opened = open(settings);
  await opened.connection.connect(patience());
  return opened;
}

/** The text of a result. */
export async function callText(
  { connection }: OpenedConnection,
  tool: string,
  toolArguments: Record<string, unknown> = {},
  options: { traceparent?: string } = {},
): Promise<string> {
  const { content } = await connection.callTool(tool, toolArguments, { signal: patience(), ...options });
  return content.map((block) => String(block["text"])).join("\n");
}
