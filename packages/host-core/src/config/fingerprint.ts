import { createHash } from "node:crypto";
import { canonicalJson } from "@millrace/contracts";
import type { ServerSettings } from "./server-settings.ts";

/** Settings without the hashes of them. */
export type PlainSettings = Omit<ServerSettings, "fingerprint" | "connectionFingerprint">;

function hash(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** The same settings give the same hashes in every process, whatever order they were written in. */
export function fingerprintsOf(
  settings: PlainSettings,
): Pick<ServerSettings, "fingerprint" | "connectionFingerprint"> {
  const { name, transport, auth, protocol, instances, questions, problem } = settings;
  return {
    // A copy of complete settings may bring its old hashes along.
    fingerprint: hash({ ...settings, fingerprint: undefined, connectionFingerprint: undefined }),
    connectionFingerprint: hash({ name, transport, auth, protocol, instances, questions, problem }),
  };
}
