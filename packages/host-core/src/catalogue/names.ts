import { createHash } from "node:crypto";
import { sanitiseToolName, UNIFIED_SEPARATOR } from "@millrace/contracts";

/** What model providers accept as a tool name. */
export const TOOL_NAME_LENGTH_MAX = 64;

/** Digits of the hash in a changed name: 32 bits, lengthened by the catalogue should two ever meet. */
export const SHORT_HASH_LENGTH = 8;

/**
 * A name is used as it is when it is legal, and when it can only have come from this server and this tool:
 * `a__b` + `c` and `a` + `b__c` look alike, so a server name with the separator in it (or an underscore at
 * its end) is never plain. Neither is a name that ends like a hash.
 */
function isPlain(server: string, name: string): boolean {
  return (
    name.length <= TOOL_NAME_LENGTH_MAX &&
    /^[A-Za-z0-9_-]+$/.test(name) &&
    !server.includes(UNIFIED_SEPARATOR) &&
    !server.endsWith("_") &&
    !/_[0-9a-f]{8,}$/.test(name)
  );
}

/**
 * The name of a tool among all servers, fit for model providers: `server__tool`, or a sanitised and cut form
 * that ends in `_` and a hash of both names. It depends on these two names only, so it stays the same
 * whatever other servers there are and whenever they connect.
 */
export function unifiedName(server: string, tool: string, hashLength = SHORT_HASH_LENGTH): string {
  const name = server + UNIFIED_SEPARATOR + tool;
  if (isPlain(server, name)) return name;
  const identity = JSON.stringify([server, tool]);
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, hashLength);
  return `${sanitiseToolName(name).slice(0, TOOL_NAME_LENGTH_MAX - 1 - hash.length)}_${hash}`;
}
