import type { McpConnection, ServerTool } from "../connection/connection.ts";
import { describeError } from "../describe-error.ts";

/** What a server offers. */
export interface Offers {
  readonly tools: readonly ServerTool[];
  /** URIs. */
  readonly resources: readonly string[];
}

/** Told of what is wrong with a server's lists and does not stop it from being used. */
export type Warn = (warning: string) => void;

export async function listTools(
  connection: McpConnection,
  signal: AbortSignal,
  warn: Warn,
): Promise<readonly ServerTool[]> {
  const { tools, warnings } = await connection.listTools(signal);
  for (const warning of warnings) warn(warning);
  return tools;
}

/** Tools work without the list of resources, so a server that fails at it is still of use. */
export async function listOffers(
  connection: McpConnection,
  signal: AbortSignal,
  warn: Warn,
): Promise<Offers> {
  const tools = await listTools(connection, signal, warn);
  try {
    return { tools, resources: await connection.listResources(signal) };
  } catch (error) {
    signal.throwIfAborted();
    warn(`the resources could not be listed: ${describeError(error)}`);
    return { tools, resources: [] };
  }
}
