import type { ToolAccess } from "@millrace/contracts";
import { EVERY_TENANT, type Viewer } from "@millrace/job-store";
import { hasScope, type KeySettings } from "./key-settings.ts";

/** Who is asking. */
export interface Principal {
  /** The owner of the jobs that it submits. */
  readonly tenant: string;
  /** Whose jobs it sees and may change. */
  readonly viewer: Viewer;
  /** The servers and tools that it may use; null: all. */
  readonly toolAccess: ToolAccess | null;
  readonly key: KeySettings;
}

/** What `authenticate` puts into the context of every guarded route. */
export interface AccessEnvironment {
  Variables: { principal: Principal };
}

export function principalOf(key: KeySettings): Principal {
  const { name: tenant, toolAccess } = key;
  return { tenant, toolAccess, key, viewer: hasScope(key, "admin") ? EVERY_TENANT : tenant };
}
