import { createHash, timingSafeEqual } from "node:crypto";
import { KEY_NAME } from "@millrace/contracts";

/** A key as it is kept: never its secret. The name is the tenant. */
export interface ApiKey {
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
}

/** What can be sent in a header as one word. */
const PRESENTABLE = /^[\x21-\x7e]+$/;

const HASHED = /^sha256:([0-9a-f]{64})$/i;

/**
 * Reads `name:secret,name:sha256:hex,…`. One name may stand several times, so that a key can be changed without
 * a gap. Problems never repeat a secret.
 */
export function parseApiKeys(text: string): { keys: ApiKey[]; problems: string[] } {
  const keys: ApiKey[] = [];
  const problems: string[] = [];
  for (const [index, entry] of text.split(",").entries()) {
    if (entry.trim() === "") continue;
    const colon = entry.indexOf(":");
    const name = entry.slice(0, Math.max(colon, 0)).trim();
    const secret = entry.slice(colon + 1).trim();
    if (!KEY_NAME.test(name) || secret === "") {
      problems.push(
        `entry ${index + 1} must be name:secret or name:sha256:hex, the name of letters, digits, _ . -`,
      );
    } else if (secret.startsWith("sha256:") && !HASHED.test(secret)) {
      problems.push(`entry ${index + 1} needs 64 hexadecimal digits after sha256:`);
    } else if (!PRESENTABLE.test(secret)) {
      problems.push(`entry ${index + 1} needs a secret of visible ASCII characters without blanks`);
    } else {
      const hex = HASHED.exec(secret)?.[1];
      const key = { name, hash: hex ? Buffer.from(hex, "hex") : sha256(secret) };
      const owner = ownerOf(keys, key.hash);
      if (owner === null || owner === name) keys.push(key);
      else
        problems.push(
          `entry ${index + 1} gives "${name}" the secret of "${owner}": each key needs one of its own`,
        );
    }
  }
  return { keys, problems };
}

/** The name of the key with this secret, or null. Takes the same time whichever key matches, and if none does. */
export function findKey(keys: readonly ApiKey[], secret: string): string | null {
  return ownerOf(keys, sha256(secret));
}

/** The name of the key with this hash, or null. Takes the same time whichever it is. */
export function ownerOf(keys: readonly ApiKey[], hash: Buffer): string | null {
  let name: string | null = null;
  for (const key of keys) {
    if (timingSafeEqual(key.hash, hash)) name = key.name;
  }
  return name;
}

/** One key for each of a name's hashes, in hexadecimal. */
export function hashesOf(name: string, hexadecimal: string | readonly string[]): ApiKey[] {
  return [hexadecimal].flat().map((hash) => ({ name, hash: Buffer.from(hash, "hex") }));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
