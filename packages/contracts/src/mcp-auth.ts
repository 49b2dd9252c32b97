import { z } from "zod";

const text = z.string().min(1);

const bearer = z.strictObject({
  type: z.literal("bearer"),
  token: text.describe("Sent as `Authorization: Bearer …`; ${VAR} works."),
});

/** The algorithms of RFC 7518 and RFC 8037 that sign with a private key. */
const SigningAlgorithm = z.enum([
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
]);

/** RFC 6749, section 4.4, with a secret or, by RFC 7523, with a private key. */
const clientCredentials = z
  .strictObject({
    type: z.literal("client_credentials"),
    client_id: text,
    client_secret: text.optional().describe("Use ${VAR}."),
    private_key: text.optional().describe("PEM, in place of the secret; use ${VAR}."),
    signing_algorithm: SigningAlgorithm.optional().describe("What the private key signs with."),
    scope: text.optional(),
  })
  .check(({ value, issues }) => {
    const complain = (path: string, message: string) =>
      issues.push({ code: "custom", input: value, path: [path], message });
    const { client_secret, private_key, signing_algorithm } = value;
    if (client_secret === undefined && private_key === undefined) {
      complain("client_secret", 'is missing: give it, or "private_key" with "signing_algorithm"');
    }
    if (client_secret !== undefined && private_key !== undefined) {
      complain("private_key", 'give either "client_secret" or "private_key", not both');
    }
    if (private_key !== undefined && signing_algorithm === undefined) {
      complain("signing_algorithm", 'is missing: say what "private_key" signs with, such as "RS256"');
    }
    if (private_key === undefined && signing_algorithm !== undefined) {
      complain("signing_algorithm", 'works only with "private_key"');
    }
  });

/** How a remote MCP server is told who calls. */
export const McpAuth = z.discriminatedUnion("type", [bearer, clientCredentials], {
  error: (issue) => (issue.code === "invalid_union" ? 'must be "bearer" or "client_credentials"' : undefined),
});
export type McpAuth = z.infer<typeof McpAuth>;
