import { checkToolArguments, hasAtMostValues } from "@millrace/contracts";
import { z } from "zod";

/** A form that is larger is for nobody to fill in. */
const FORM_VALUES_MAX = 10_000;

/** What is done with a server's question for a human. Nobody is there to be asked. */
type ElicitationPolicy = "decline" | "defaults";

const Form = z.object({
  mode: z.literal("form").optional(),
  requestedSchema: z.object({
    properties: z.record(z.string(), z.looseObject({ default: z.unknown().optional() })),
    required: z.array(z.string()).optional(),
  }),
});

const DECLINED = { action: "decline" };

/**
 * Answers `elicitation/create` (MCP specification, "Elicitation"). With `defaults` a form is answered with the defaults
 * of its schema, if every field that it requires has one and all of them fit; all else is declined, a URL to be opened
 * above all.
 */
export function answerElicitation(parameters: unknown, policy: ElicitationPolicy): Record<string, unknown> {
  if (policy === "decline") return DECLINED;
  const form = Form.safeParse(parameters);
  if (!form.success || !hasAtMostValues(parameters, FORM_VALUES_MAX)) return DECLINED;
  const { requestedSchema } = form.data;
  const { properties, required = [] } = requestedSchema;
  const defaults = Object.entries(properties).filter(([, field]) => field.default !== undefined);
  const content = Object.fromEntries(defaults.map(([name, field]) => [name, field.default]));
  const isWhole = required.every((name) => Object.hasOwn(content, name));
  const fits = isWhole && checkToolArguments(requestedSchema, content).length === 0;
  return fits ? { action: "accept", content } : DECLINED;
}
