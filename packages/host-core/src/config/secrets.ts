import type { AuthSettings, TransportSettings } from "./server-settings.ts";

/** Shorter values are words like "true" or "8080"; hiding them would garble messages and protect nothing. */
const MINIMUM_LENGTH = 6;

/** The part after the scheme in `Bearer abc…`: a server may repeat it alone. */
function credentials(headerValue: string): string[] {
  const afterScheme = /^\S+\s+(\S.*)$/.exec(headerValue)?.[1];
  return afterScheme === undefined ? [headerValue] : [headerValue, afterScheme];
}

/** A text and its encoded and decoded forms, as far as it has them: a `%` need not begin an escape. */
function spellings(text: string): string[] {
  const forms = [text];
  for (const change of [encodeURIComponent, decodeURIComponent]) {
    try {
      forms.push(change(text));
    } catch {
      // It has no such form.
    }
  }
  return forms;
}

function urlSecrets(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { password, searchParams } = new URL(url);
  return [password, ...searchParams.values()];
}

function authSecrets(auth: AuthSettings): string[] {
  if (auth.type === "bearer") return [auth.token];
  const { clientId, clientSecret, privateKey } = auth;
  if (clientSecret === null) return [privateKey ?? ""];
  // As HTTP Basic sends it (RFC 6749, section 2.3.1).
  const pair = [clientId, clientSecret].map((part) => new URLSearchParams({ part }).toString().slice(5));
  return [clientSecret, Buffer.from(pair.join(":")).toString("base64")];
}

/** Everything of a server's configuration that must be hidden, the longest first. */
export function collectSecrets(
  transport: TransportSettings,
  auth: AuthSettings | null,
  interpolated: Iterable<string>,
): string[] {
  const candidates = [...interpolated, ...(auth ? authSecrets(auth) : [])];
  if (transport.type === "stdio") candidates.push(...Object.values(transport.env));
  else
    candidates.push(...Object.values(transport.headers).flatMap(credentials), ...urlSecrets(transport.url));

  return spellSecrets(candidates);
}

/** Every form in which these values may be met, the longest first, for `redact`. */
export function spellSecrets(values: readonly string[]): string[] {
  const hidden = values
    // A key with line breaks reaches us line by line.
    .flatMap((value) => [value, ...value.split("\n")])
    .map((value) => value.trim())
    .flatMap(spellings)
    .filter((value) => value.length >= MINIMUM_LENGTH);
  return [...new Set(hidden)].toSorted((one, other) => other.length - one.length);
}

/** Replaces each secret by `[redacted]`. `secrets` come from `collectSecrets` or `spellSecrets`: the longest first. */
export function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, "[redacted]"), text);
}
