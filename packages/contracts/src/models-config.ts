import { z } from "zod";
import { checkFirst, noPrototypeKey } from "./check-first.ts";

export const ModelProvider = z.enum(["anthropic", "openai", "demo"]);
export type ModelProvider = z.infer<typeof ModelProvider>;

const price = z.number().min(0);
const seconds = z.number().positive().max(86_400);

/** Where a provider listens. Credentials in it would be shown by errors. */
export const ProviderUrl = z
  .url({ protocol: /^https?$/, abort: true, error: "must be an http or https URL" })
  .refine((text) => {
    const url = URL.parse(text);
    return url?.username === "" && url.password === "";
  }, "must have no user name and no password: put the key into the variable that holds it");

/** One alias of `config/models.json`. */
export const ModelConfig = z
  .strictObject({
    provider: ModelProvider,
    model: z.string().min(1).optional().describe("The provider's own model id."),
    base_url: ProviderUrl.optional().describe("Where the provider listens. Default: the SDK's own variable."),
    api_key_env: z
      .string()
      .regex(/^[A-Za-z_]\w*$/)
      .optional()
      .describe("The variable that holds the key. Default ANTHROPIC_API_KEY or OPENAI_API_KEY."),
    context_tokens: z.int().min(1).optional(),
    max_output_tokens: z.int().min(1).optional().describe("Output tokens of a turn that names none."),
    timeout: seconds.default(600).describe("Seconds for one answer of the model."),
    stall_timeout: seconds
      .default(60)
      .describe("Seconds without a byte after which an answer is cut and retried."),
    thinking: z.enum(["off", "adaptive"]).default("off"),
    price_per_million_tokens: z
      .strictObject({
        input: price,
        output: price,
        cache_read: price.optional().describe("Default: as input."),
        cache_write: price.optional().describe("Default: as input."),
      })
      .optional()
      .describe("US dollars. Without it a job's cost is 0."),
  })
  .refine((config) => config.provider === "demo" || config.model !== undefined, {
    path: ["model"],
    message: "is required: the provider's own model id",
  });
export type ModelConfig = z.infer<typeof ModelConfig>;

/** The alias that stands for whichever provider is configured. */
export const DEFAULT_MODEL = "default";

/** `config/models.json`. An unknown key is an error that names its path. */
export const ModelsConfig = z
  .strictObject({
    $schema: z.string().optional(),
    models: checkFirst(
      noPrototypeKey,
      z.record(
        z
          .string()
          .min(1)
          .max(128)
          .refine(
            (alias) => alias !== DEFAULT_MODEL,
            "`default` is chosen by which keys are set; name another",
          ),
        ModelConfig,
      ),
    ),
  })
  .meta({ title: "Millrace models" });
export type ModelsConfig = z.infer<typeof ModelsConfig>;

/** One model as `GET /models` shows it. */
export const Model = z
  .object({
    alias: z.string(),
    provider: ModelProvider,
    model: z.string().describe("The provider's own model id."),
    is_default: z.boolean(),
    configured: z.boolean().describe("Whether it can be used: its key is set, or its server needs none."),
    context_tokens: z.int().nullable(),
    max_output_tokens: z.int(),
    price_per_million_tokens: z
      .object({ input: z.number(), output: z.number(), cache_read: z.number(), cache_write: z.number() })
      .nullable(),
  })
  .meta({ id: "Model" });
export type Model = z.infer<typeof Model>;

export const ModelList = z.object({ models: z.array(Model) }).meta({ id: "ModelList" });
