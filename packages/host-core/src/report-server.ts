import type {
  Prompt,
  Resource,
  ResourceTemplate,
  ServerReport,
  Tool,
  WithheldTool,
} from "@millrace/contracts";
import { redact } from "./config/secrets.ts";
import type { ServerPrompt, ServerResource, ServerResourceTemplate } from "./connection/connection.ts";
import type { WarmServer } from "./server/warm-server.ts";

/** How much of each list is published, in bytes of its JSON: some servers offer a hundred thousand files. */
export const PUBLISHED_BYTES_MAX = 256 * 1024;

/** A list of what cannot be used is for people: it need not be whole. */
const WITHHELD_MAX = 1_000;
const REASON_LENGTH_MAX = 500;

/** What is published of a list. Servers keep a list until it changes, and every heartbeat asks for it. */
const published = new WeakMap<readonly unknown[], readonly unknown[]>();

/** The beginning of a list, as long as its JSON is not larger than `PUBLISHED_BYTES_MAX`. */
function publish<Entry, Shown>(list: readonly Entry[], show: (entry: Entry) => Shown): Shown[] {
  let shown = published.get(list) as Shown[] | undefined;
  if (!shown) {
    shown = [];
    let bytes = "[]".length;
    for (const entry of list) {
      const next = show(entry);
      bytes += Buffer.byteLength(JSON.stringify(next)) + 1;
      if (bytes > PUBLISHED_BYTES_MAX) break;
      shown.push(next);
    }
    published.set(list, shown);
  }
  return [...shown];
}

function toResource({ uri, name, title, description, mimeType }: ServerResource): Resource {
  return { uri, name, title, description, mime_type: mimeType };
}

function toTemplate({
  uriTemplate,
  name,
  title,
  description,
  mimeType,
}: ServerResourceTemplate): ResourceTemplate {
  return { uri_template: uriTemplate, name, title, description, mime_type: mimeType };
}

function toPrompt({ name, title, description, arguments: given }: ServerPrompt): Prompt {
  return { name, title, description, arguments: given.map((argument) => ({ ...argument })) };
}

type Reported = Pick<
  WarmServer,
  "settings" | "status" | "lastError" | "leftOutTools" | "resources" | "resourceTemplates" | "prompts"
>;

/** Reasons may quote what the server said. */
function withheldTools(
  { settings, leftOutTools }: Pick<Reported, "settings" | "leftOutTools">,
  withheld: ReadonlyMap<string, string>,
): WithheldTool[] {
  const unusable = leftOutTools.map(({ tool, reason }) => ({ tool_name: tool, reason }));
  const refused = [...withheld].map(([tool, reason]) => ({ tool_name: tool, reason }));
  return [...unusable, ...refused].slice(0, WITHHELD_MAX).map(({ tool_name, reason }) => ({
    tool_name,
    reason: redact(reason, settings.secrets).slice(0, REASON_LENGTH_MAX),
  }));
}

/** What there is to tell of a server. */
export function reportServer(
  server: Reported,
  tools: readonly Tool[],
  withheld: ReadonlyMap<string, string>,
): ServerReport {
  const { settings, status, lastError } = server;
  const resources = publish(server.resources, toResource);
  const templates = publish(server.resourceTemplates, toTemplate);
  const prompts = publish(server.prompts, toPrompt);
  return {
    name: settings.name,
    display_name: settings.displayName,
    description: settings.description,
    transport_type: settings.transport.type,
    status,
    last_error: lastError,
    tools: [...tools],
    withheld_tools: withheldTools(server, withheld),
    resources,
    resource_templates: templates,
    prompts,
    truncated:
      resources.length < server.resources.length ||
      templates.length < server.resourceTemplates.length ||
      prompts.length < server.prompts.length,
  };
}
