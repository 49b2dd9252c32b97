import { z } from "zod";
import type { ServerPrompt, ServerResource, ServerResourceTemplate } from "../connection.ts";
import { readPages, type FetchPage, type ListKey } from "./pages.ts";

/** Hints: one that is no text is as good as none. */
const hint = z
  .string()
  .nullish()
  .catch(null)
  .transform((text) => text ?? null);

const described = { title: hint, description: hint };

const Resource = z
  .object({ uri: z.string().min(1), name: hint, mimeType: hint, ...described })
  .transform((resource): ServerResource => ({ ...resource, name: resource.name ?? resource.uri }));

const ResourceTemplate = z
  .object({ uriTemplate: z.string().min(1), name: hint, mimeType: hint, ...described })
  .transform((template): ServerResourceTemplate => ({
    ...template,
    name: template.name ?? template.uriTemplate,
  }));

const Prompt: z.ZodType<ServerPrompt> = z.object({
  name: z.string().min(1),
  ...described,
  arguments: z
    .array(
      z.object({
        name: z.string().min(1),
        description: hint,
        required: z
          .boolean()
          .nullish()
          .transform((required) => required ?? false),
      }),
    )
    .nullish()
    .transform((promptArguments) => promptArguments ?? []),
});

/** Reads every page and judges every entry singly. */
async function listEntries<Entry>(
  fetchPage: FetchPage,
  key: ListKey,
  schema: z.ZodType<Entry>,
  warn: (warning: string) => void,
): Promise<Entry[]> {
  const { items, warnings } = await readPages(fetchPage, key);
  for (const warning of warnings) warn(warning);
  return items.flatMap((item, index) => {
    const parsed = schema.safeParse(item);
    if (parsed.success) return [parsed.data];
    const reasons = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`);
    warn(`number ${index + 1} of the ${key} is left out: ${reasons.join("; ")}`);
    return [];
  });
}

type Warn = (warning: string) => void;

export function listResources(fetchPage: FetchPage, warn: Warn): Promise<ServerResource[]> {
  return listEntries(fetchPage, "resources", Resource, warn);
}

export function listResourceTemplates(fetchPage: FetchPage, warn: Warn): Promise<ServerResourceTemplate[]> {
  return listEntries(fetchPage, "resourceTemplates", ResourceTemplate, warn);
}

export function listPrompts(fetchPage: FetchPage, warn: Warn): Promise<ServerPrompt[]> {
  return listEntries(fetchPage, "prompts", Prompt, warn);
}
