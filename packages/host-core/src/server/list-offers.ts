import type {
  McpConnection,
  ServerPrompt,
  ServerResource,
  ServerResourceTemplate,
  ServerTool,
  ToolListing,
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

/** Hears what is to be known of a list besides its entries. */
export interface ListListener {
  readonly warn: Warn;
  readonly onTools: (listing: ToolListing) => void;
}

async function listTools(
  connection: McpConnection,
  signal: AbortSignal,
  { warn, onTools }: ListListener,
): Promise<readonly ServerTool[]> {
  const listing = await connection.listTools(signal);
  for (const warning of listing.warnings) warn(warning);
  onTools(listing);
  return listing.tools;
}

type List<Kind extends OfferKind> = (
  connection: McpConnection,
  signal: AbortSignal,
  listener: ListListener,
) => Promise<Offers[Kind]>;

/** How each list is read, all pages of it. */
export const LIST: { readonly [Kind in OfferKind]: List<Kind> } = {
  tools: listTools,
  resources: (connection, signal) => connection.listResources(signal),
  resourceTemplates: (connection, signal) => connection.listResourceTemplates(signal),
  prompts: (connection, signal) => connection.listPrompts(signal),
};

/** What each list is called in warnings. */
export const LIST_NAME: Readonly<Record<OfferKind, string>> = {
  tools: "tools",
  resources: "resources",
  resourceTemplates: "resource templates",
  prompts: "prompts",
};
