import {
  DEFAULT_MAX_QUEUED,
  DEFAULT_SCOPES,
  DEFAULT_WEIGHT,
  type ApiKeyConfig,
  type KeyLimits,
  type KeyScope,
  type ToolAccess,
} from "@millrace/contracts";

/** What a key may do. Its name is the tenant. */
export interface KeySettings {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly limits: KeyLimits;
  readonly weight: number;
  /** Null: every server and tool. */
  readonly toolAccess: ToolAccess | null;
}

/** A key of API_KEYS, and every tenant of which nothing else is known. */
export function defaultSettings(name: string): KeySettings {
  return {
    name,
    scopes: DEFAULT_SCOPES,
    limits: { max_queued: DEFAULT_MAX_QUEUED },
    weight: DEFAULT_WEIGHT,
    toolAccess: null,
  };
}

/** Whoever asks an api without keys, which serves this machine alone. */
export const LOCAL_KEY: KeySettings = { ...defaultSettings("local"), scopes: ["admin"] };

export function settingsOf(
  name: string,
  { scopes, limits, weight, servers, tools }: ApiKeyConfig,
): KeySettings {
  const toolAccess = { ...(servers ? { servers } : {}), ...(tools ? { tools } : {}) };
  return { name, scopes, limits, weight, toolAccess: servers || tools ? toolAccess : null };
}

/** Whether the key has the scope; `admin` has all. */
export function hasScope({ scopes }: KeySettings, scope: KeyScope): boolean {
  return scopes.includes(scope) || scopes.includes("admin");
}
