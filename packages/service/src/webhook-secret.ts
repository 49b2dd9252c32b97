import { createHmac } from "node:crypto";

/**
 * The secret with which one tenant's webhooks are signed, in the form of Standard Webhooks: `whsec_` and 32 bytes in
 * base64. It is derived from the installation's own secret, so nothing has to be stored, and nobody who knows one
 * tenant's learns another's.
 */
export function webhookSecret(installationSecret: string, tenant: string): string {
  const key = createHmac("sha256", installationSecret).update(`webhook ${tenant}`).digest("base64");
  return `whsec_${key}`;
}
