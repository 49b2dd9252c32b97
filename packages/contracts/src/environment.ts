import { z } from "zod";
import { plainMessage } from "./describe-issues.ts";
import { ProviderUrl } from "./models-config.ts";
import { RedisUrl } from "./redis-url.ts";

const SECRET_LENGTH_MIN = 32;

/** One secret, or the new and the old one while receivers change to the new. */
const webhookSecrets = z
  .string()
  .default("")
  .transform((text) => text.split(",").map((secret) => secret.trim()))
  .transform((secrets) => secrets.filter((secret) => secret !== ""))
  .refine(
    (secrets) => secrets.every((secret) => secret.length >= SECRET_LENGTH_MIN),
    `takes ${SECRET_LENGTH_MIN} characters or more, such as the output of: openssl rand -hex 32`,
  );

/** Variables that every process reads. */
export const sharedVariables = {
  REDIS_URL: RedisUrl,
  REDIS_KEY_PREFIX: z
    .string()
    .regex(/^[\w-]{1,32}$/, "takes 1 to 32 letters, digits, _ and -")
    .default("millrace"),
  MODELS_CONFIG_FILE: z.string().optional(),
  ANTHROPIC_BASE_URL: ProviderUrl.optional(),
  OPENAI_BASE_URL: ProviderUrl.optional(),
  WEBHOOK_SECRET: webhookSecrets,
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
};

type Variables = Readonly<Record<string, string | undefined>>;

/** The variables that say something: an empty one counts as absent, as shells and compose files write it. */
export function presentVariables(environment: Variables): Variables {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ""));
}

/**
 * Reads settings from variables.
 * @throws Error with every wrong value, one on a line.
 */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Variables,
): z.output<Schema> {
  const parsed = schema.safeParse(presentVariables(environment));
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(
    (issue) => `  ${issue.path.join(".")}: ${plainMessage(issue.message)}`,
  );
  throw new Error(`The environment is not right:\n${lines.join("\n")}`);
}
