import type { ServerSettings } from "./config/server-settings.ts";

/** What a reload does with each server, in the order of the new configuration. */
export interface ReloadPlan {
  readonly added: readonly ServerSettings[];
  /** Names. */
  readonly removed: readonly string[];
  /** These take a new connection. */
  readonly replaced: readonly ServerSettings[];
  /** These keep their connection; only what is done with it changes. */
  readonly updated: readonly ServerSettings[];
  readonly unchanged: readonly ServerSettings[];
}

/** Compares by content, so a file that was only written anew changes nothing. */
export function planReload(current: readonly ServerSettings[], next: readonly ServerSettings[]): ReloadPlan {
  const before = new Map(current.map((settings) => [settings.name, settings]));
  const fate = (settings: ServerSettings): Exclude<keyof ReloadPlan, "removed"> => {
    const old = before.get(settings.name);
    if (!old) return "added";
    if (old.connectionFingerprint !== settings.connectionFingerprint) return "replaced";
    return old.fingerprint === settings.fingerprint ? "unchanged" : "updated";
  };
  const { added = [], replaced = [], updated = [], unchanged = [] } = Object.groupBy(next, fate);
  const kept = new Set(next.map(({ name }) => name));
  const removed = [...before.keys()].filter((name) => !kept.has(name));
  return { added, removed, replaced, updated, unchanged };
}
