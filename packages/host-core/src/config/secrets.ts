import type { TransportSettings } from "./server-settings.ts";

/** Shorter values are words like "true" or "8080"; hiding them would garble messages and protect nothing. */
const MINIMUM_LENGTH = 6;

/** The part after the scheme in `Bearer abc…`: a server may repeat it alone. */
function credentials(headerValue: string): string[] {
  const afterScheme = /^\S+\s+(\S.*)$/.exec(headerValue)?.[1];
  return afterScheme === undefined ? [headerValue] : [headerValue, afterScheme];
}

function urlSecrets(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { password, searchParams } = new URL(url);
  return [password, decodeURIComponent(password), ...searchParams.values()];
}

/** Everything of a server's configuration that must be hidden, the longest first. */
export function collectSecrets(transport: TransportSettings, interpolated: Iterable<string>): string[] {
  const candidates = [...interpolated];
  if (transport.type === "stdio") candidates.push(...Object.values(transport.env));
  else
    candidates.push(...Object.values(transport.headers).flatMap(credentials), ...urlSecrets(transport.url));

  const spellings = candidates
    // A key with line breaks reaches us line by line.
    .flatMap((value) => [value, ...value.split("\n")])
    .map((value) => value.trim())
    .flatMap((value) => [value, encodeURIComponent(value)])
    .filter((value) => value.length >= MINIMUM_LENGTH);
  return [...new Set(spellings)].toSorted((one, other) => other.length - one.length);
}

/** Replaces each secret by `[redacted]`. `secrets` come from `collectSecrets`: the longest first. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text);
}
