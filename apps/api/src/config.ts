import { existsSync } from "node:fs";
import {
  configFile,
  DEFAULT_MODELS_CONFIG_FILE,
  parseEnvironment,
  presentVariables,
  sharedVariables,
} from "@millrace/contracts";
import type { ModelsFile } from "@millrace/service";
import { z } from "zod";
import { isLoopback } from "./access/loopback.ts";
import { parseApiKeys, type ApiKey } from "./access/api-keys.ts";
import type { KeyRingOptions } from "./access/key-ring.ts";

const DEFAULT_API_KEYS_FILE = "config/api-keys.json";

/**
 * A job's first event is one string of a request and of the conversation that it goes on with, each as large as a body.
 * Node allows 512 MiB, less a little, and Redis as much.
 */
const BODY_BYTES_MAX = 128 * 1_024 * 1_024;

const apiKeys = z
  .string()
  .default("")
  .transform((text, context): ApiKey[] => {
    const { keys, problems } = parseApiKeys(text);
    for (const message of problems) context.addIssue({ code: "custom", message });
    return keys;
  });

/** The host to listen on: an IPv6 address may come in the brackets that it has in a URL. */
const host = z
  .string()
  .min(1)
  .transform((text) => text.toLowerCase().replace(/^\[(.+)\]$/, "$1"));

const Environment = z
  .object({
    ...sharedVariables,
    PORT: z.coerce.number().int().min(0).max(65_535).default(8_000),
    HOST: host.default("127.0.0.1"),
    API_KEYS: apiKeys,
    API_KEYS_FILE: z.string().optional(),
    JOB_RETENTION_SECONDS: z.coerce.number().int().min(1).max(31_536_000).default(86_400),
    MAX_BODY_BYTES: z.coerce
      .number()
      .int()
      .min(1_024)
      .max(BODY_BYTES_MAX, `takes at most ${BODY_BYTES_MAX} (128 MiB); send more than that as a batch`)
      .default(16 * 1_024 * 1_024),
  })
  .refine(
    ({ API_KEYS, API_KEYS_FILE, HOST }) => {
      // A named file that is missing is told of when it is read.
      const hasFile = API_KEYS_FILE !== undefined || existsSync(DEFAULT_API_KEYS_FILE);
      return API_KEYS.length > 0 || hasFile || isLoopback(HOST);
    },
    {
      path: ["HOST"],
      // Beside what is wrong elsewhere, so that everything is reported together.
      when: ({ issues }) => !issues.some(({ path }) => path?.[0] === "HOST" || path?.[0] === "API_KEYS"),
      message: `must be a loopback address while there are no keys: set API_KEYS=name:secret, or write ${DEFAULT_API_KEYS_FILE}, to listen elsewhere`,
    },
  );

/** The api's settings, parsed once; `retentionSeconds` and the like are in the unit of their name. */
export interface ApiConfig {
  readonly redisUrl: string;
  readonly keyPrefix: string;
  readonly port: number;
  readonly host: string;
  readonly apiKeys: KeyRingOptions;
  readonly logLevel: string;
  readonly retentionSeconds: number;
  readonly maxBodyBytes: number;
  readonly modelsFile: ModelsFile;
  /** Webhooks are signed with each of them. Without any there are no webhooks. */
  readonly webhookSecrets: readonly string[];
}

/**
 * Reads the environment.
 * @throws Error with every wrong value, one on a line.
 */
export function parseApiConfig(environment: NodeJS.ProcessEnv): ApiConfig {
  const data = parseEnvironment(Environment, environment);
  // Only the hashes of keys are kept.
  const { API_KEYS: _, ...variables } = environment;
  return Object.freeze({
    redisUrl: data.REDIS_URL,
    keyPrefix: data.REDIS_KEY_PREFIX,
    port: data.PORT,
    host: data.HOST,
    apiKeys: {
      environmentKeys: data.API_KEYS,
      file: configFile(data.API_KEYS_FILE, DEFAULT_API_KEYS_FILE),
    },
    logLevel: data.LOG_LEVEL,
    retentionSeconds: data.JOB_RETENTION_SECONDS,
    maxBodyBytes: data.MAX_BODY_BYTES,
    modelsFile: {
      ...configFile(data.MODELS_CONFIG_FILE, DEFAULT_MODELS_CONFIG_FILE),
      environment: presentVariables(variables),
    },
    webhookSecrets: data.WEBHOOK_SECRET,
  });
}
