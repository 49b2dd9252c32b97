import type {
  McpConnection,
  ServerPrompt,
  ServerResource,
  ServerResourceTemplate,
  ServerTool,
} from "../connection/connection.ts";

/** What a server offers. */
export interface Offers {
  readonly tools: readonly ServerTool[];
  readonly resources: readonly ServerResource[];
  readonly resourceTemplates: readonly ServerResourceTemplate[];
  readonly prompts: readonly ServerPrompt[];
}

export type OfferKind = keyof Offers;

/** Told of what is wrong with a server's lists and does not stop it from being used. */
export type Warn = (warning: string) => void;

async function listTools(
  connection: McpConnection,
  signal: AbortSignal,
  warn: Warn,
): Promise<readonly ServerTool[]> {
  const { tools, warnings } = await connection.listTools(signal);
  for (const warning of warnings) warn(warning);
  return tools;
}

type List<Kind extends OfferKind> = (
  connection: McpConnection,
  signal: AbortSignal,
  warn: Warn,
) => Promise<Offers[Kind]>;

/** How each list is read, all pages of it. */
export const LIST: { readonly [Kind in OfferKind]: List<Kind> } = {
  tools: listTools,
  resources: (connection, signal) => connection.listResources(signal),
  resourceTemplates: (connection, signal) => connection.listResourceTemplates(signal),
  prompts: (connection, signal) => connection.listPrompts(signal),
};
