import type { McpAuth } from "@millrace/contracts";
import type { Interpolation } from "./interpolate.ts";
import type { AuthSettings } from "./server-settings.ts";

/** A variable of one line cannot hold a PEM's line breaks, so they are often written as `\n`. */
function withLineBreaks(pem: string): string {
  return pem.includes("\n") ? pem : pem.replaceAll("\\n", "\n");
}

/** `auth` with every `${VAR}` replaced. */
export function resolveAuth(auth: McpAuth | undefined, { text }: Interpolation): AuthSettings | null {
  if (auth === undefined) return null;
  if (auth.type === "bearer") return { type: "bearer", token: text(auth.token) };
  const optional = (template: string | undefined) => (template === undefined ? null : text(template));
  const privateKey = optional(auth.private_key);
  return {
    type: "client_credentials",
    clientId: text(auth.client_id),
    clientSecret: optional(auth.client_secret),
    privateKey: privateKey && withLineBreaks(privateKey),
    signingAlgorithm: auth.signing_algorithm ?? null,
    scope: optional(auth.scope),
  };
}

/** The key of the file whose value a variable made empty; null when there is none. */
export function findEmptyAuth(auth: AuthSettings): string | null {
  if (auth.type === "bearer") return auth.token.trim() === "" ? "token" : null;
  const { clientId: client_id, clientSecret: client_secret, privateKey: private_key } = auth;
  const values = Object.entries({ client_id, client_secret, private_key });
  return values.find(([, value]) => value?.trim() === "")?.[0] ?? null;
}
