import { DEFAULT_TOOL_TIMEOUT_SECONDS, RESULT_BYTES_MAX } from "@millrace/contracts";
import { fingerprintsOf, type PlainSettings } from "./fingerprint.ts";
import { collectSecrets } from "./secrets.ts";
import type { ServerSettings } from "./server-settings.ts";

const DEFAULTS = {
  description: null,
  auth: null,
  protocol: "auto",
  instances: 1,
  lifecycle: "eager",
  idleTimeoutMs: 300_000,
  required: false,
  connectTimeoutMs: 30_000,
  toolTimeoutMs: DEFAULT_TOOL_TIMEOUT_SECONDS * 1_000,
  maxConcurrentTools: 5,
  allowTools: null,
  denyTools: [],
  approval: {},
  pin: "off",
  pins: {},
  questions: { sampling: false, elicitation: null, roots: [] },
  resultLimitBytes: RESULT_BYTES_MAX,
  logStderr: true,
  problem: null,
} as const;

/** What a server cannot do without; the rest has defaults. */
export type GivenSettings = Pick<ServerSettings, "name" | "transport"> & Partial<PlainSettings>;

/**
 * Settings of one server for programs that have no configuration file: what is not given has the file's defaults,
 * and `secrets` are what the transport and `auth` contain.
 */
export function createServerSettings(given: GivenSettings): ServerSettings {
  const secrets = given.secrets ?? collectSecrets(given.transport, given.auth ?? null, []);
  const settings: PlainSettings = { ...DEFAULTS, displayName: given.name, ...given, secrets };
  return { ...settings, ...fingerprintsOf(settings) };
}
