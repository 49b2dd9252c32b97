import type { QuestionSettings, TransportSettings } from "../config/server-settings.ts";
import type { Logger } from "../logger.ts";
import type { McpConnectionEvents } from "./connection.ts";
import type { RemoteAccessOptions } from "./http/remote-access.ts";
import type { StdioTransport } from "./wire/stdio-transport.ts";

type StdioSettings = Extract<TransportSettings, { type: "stdio" }>;

/** Where the server is; one over stdio has been started. */
export type ServerLocation =
  | (StdioSettings & { readonly process: StdioTransport })
  | Exclude<TransportSettings, StdioSettings>;

/** What both drivers are given. */
export interface DriverOptions extends RemoteAccessOptions {
  location: ServerLocation;
  questions: QuestionSettings;
  events: McpConnectionEvents;
  logger: Logger;
}
