import { z } from "zod";
import { checkFirst, noPrototypeKey } from "./check-first.ts";
import { ToolAccess } from "./tool-access.ts";

/** `jobs`: submit, read and change one's own jobs. `mcp`: everything under `/mcp`. `admin`: both, for what every key has. */
export const KeyScope = z.enum(["jobs", "mcp", "admin"]);
export type KeyScope = z.infer<typeof KeyScope>;

/** The scopes of a key that names none. */
export const DEFAULT_SCOPES: readonly KeyScope[] = ["jobs", "mcp"];

export const KEY_NAME = /^[\w.-]{1,64}$/;

/** The share of a key that names none. */
export const DEFAULT_WEIGHT = 1;

/** `max_queued` of a key that names none. */
export const DEFAULT_MAX_QUEUED = 1_000_000;

const hash = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "must be the SHA-256 of the secret: 64 hexadecimal digits");

/** What a key may use at once, whichever of its secrets it comes with. Tool jobs and chat jobs are counted apart. */
export const KeyLimits = z.strictObject({
  max_running: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("Jobs of one kind that run at a time. Default: no limit."),
  max_queued: z
    .int()
    .min(1)
    .max(100_000_000)
    .default(DEFAULT_MAX_QUEUED)
    .describe("Jobs of one kind that wait or run; one more is refused."),
  requests_per_second: z.int().min(1).max(100_000).optional().describe("Default: no limit."),
});
export type KeyLimits = z.infer<typeof KeyLimits>;

/** One key of `config/api-keys.json`. */
export const ApiKeyConfig = z.strictObject({
  sha256: z
    .union([hash, z.array(hash).min(1).max(16)], {
      error: "must be the SHA-256 of the secret in 64 hexadecimal digits, or a list of up to 16 of them",
    })
    .describe("SHA-256 of the secret; of each, while an old and a new one are valid."),
  scopes: z.array(KeyScope).default([...DEFAULT_SCOPES]),
  limits: KeyLimits.default({ max_queued: DEFAULT_MAX_QUEUED }),
  weight: z
    .int()
    .min(1)
    .max(100)
    .default(DEFAULT_WEIGHT)
    .describe("Its share beside other keys whose jobs wait: 2 gets twice as much as 1."),
  ...ToolAccess.shape,
});
export type ApiKeyConfig = z.infer<typeof ApiKeyConfig>;

/** One secret cannot be two keys. */
function findSharedHashes({ value, issues }: z.core.ParsePayload<Record<string, ApiKeyConfig>>): void {
  const owners = new Map<string, string>();
  for (const [name, { sha256 }] of Object.entries(value)) {
    for (const text of [sha256].flat()) {
      const other = owners.get(text.toLowerCase());
      owners.set(text.toLowerCase(), name);
      if (other === undefined || other === name) continue;
      const message = `is the hash of "${other}" too: give each key a secret of its own`;
      issues.push({ code: "custom", input: value, path: [name, "sha256"], message });
    }
  }
}

/** `config/api-keys.json`: keys by name. An unknown key is an error that names its path. */
export const ApiKeysConfig = z
  .strictObject({
    $schema: z.string().optional(),
    keys: checkFirst(
      noPrototypeKey,
      z
        .record(z.string().regex(KEY_NAME, "a name has 1 to 64 letters, digits, _ . -"), ApiKeyConfig)
        .refine((keys) => Object.keys(keys).length > 0, "must have a key")
        .check(findSharedHashes),
    ),
  })
  .meta({ title: "Millrace API keys" });
export type ApiKeysConfig = z.infer<typeof ApiKeysConfig>;

/** A key as `GET /keys/me` shows it to its owner. */
export const KeyView = z
  .object({
    name: z.string(),
    scopes: z.array(KeyScope),
    limits: z.object({
      max_running: z
        .int()
        .nullable()
        .describe("How many tool jobs, and how many chat jobs, may run at once; null: no limit."),
      max_queued: z.int().describe("How many tool jobs, and how many chat jobs, may wait or run."),
      requests_per_second: z.int().nullable(),
    }),
    weight: z.int(),
    servers: z.array(z.string()).nullable().describe("Patterns on server names; null for all."),
    tools: z.array(z.string()).nullable().describe("Patterns on server__tool; null for all."),
    use: z
      .object({ queued: z.int(), running: z.int() })
      .describe(
        "How many of its jobs are queued and running now, of both kinds. Parked jobs are not counted.",
      ),
    webhook_secret: z
      .string()
      .nullable()
      .describe(
        "The secret that this key's webhooks are signed with (Standard Webhooks). Null: webhooks are not set up.",
      ),
  })
  .meta({ id: "Key" });
export type KeyView = z.infer<typeof KeyView>;
