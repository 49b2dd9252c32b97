import { createPublicKey, randomUUID, verify } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface AuthorizationServerOptions {
  clientId: string;
  /** For `client_secret_basic` and `client_secret_post`. */
  clientSecret?: string;
  /** PEM, for `private_key_jwt` with RS256. */
  publicKey?: string;
  /** What it says that it knows; all three by default. */
  methods?: readonly string[];
  /** It knows the grant for humans only. */
  humansOnly?: boolean;
  /** Members of its metadata in place of its own; undefined leaves one out. */
  metadata?: Readonly<Record<string, unknown>>;
  /** More members of its answers with tokens. */
  tokenAnswer?: Readonly<Record<string, unknown>>;
  /** Answers each request of a token. */
  refusal?: { readonly status: number; readonly body: object };
}

export interface AuthorizationServer extends AsyncDisposable {
  /** Its issuer identifier, a URL. */
  issuer: string;
  /** How clients authenticated for every token that was given, and for which scope. */
  grants: readonly { method: string; scope: string | null }[];
  isValid(token: string): boolean;
  /** Makes every token so far worthless. */
  revokeAll(): void;
  close(): Promise<void>;
}

class Refused extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
}

/** RFC 7523 section 3. */
function checkAssertion(assertion: string, issuer: string, options: AuthorizationServerOptions): void {
  const [header = "", claims = "", signature = ""] = assertion.split(".");
  const { iss, sub, aud, exp } = decode(claims);
  const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
  const isForUs = audiences.some(
    (one) => String(one).replace(/\/$/, "") === issuer || one === `${issuer}/token`,
  );
  const isSigned =
    options.publicKey !== undefined &&
    decode(header)["alg"] === "RS256" &&
    verify(
      "sha256",
      Buffer.from(`${header}.${claims}`),
      createPublicKey(options.publicKey),
      Buffer.from(signature, "base64url"),
    );
  const isCurrent = typeof exp === "number" && exp * 1_000 > Date.now();
  if (!isSigned || !isForUs || !isCurrent || iss !== options.clientId || sub !== options.clientId) {
    throw new Refused("invalid_client");
  }
}

/** How the client authenticated: RFC 6749 section 2.3. */
function authenticate(
  request: IncomingMessage,
  form: URLSearchParams,
  issuer: string,
  options: AuthorizationServerOptions,
): string {
  const assertion = form.get("client_assertion");
  if (assertion !== null) {
    checkAssertion(assertion, issuer, options);
    return "private_key_jwt";
  }
  const [scheme, credentials = ""] = (request.headers.authorization ?? "").split(" ");
  const isBasic = scheme === "Basic";
  const [id, secret] = isBasic
    ? Buffer.from(credentials, "base64").toString().split(":")
    : [form.get("client_id"), form.get("client_secret")];
  if (id !== options.clientId || secret === null || secret !== options.clientSecret) {
    throw new Refused("invalid_client");
  }
  return isBasic ? "client_secret_basic" : "client_secret_post";
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += chunk as string;
  return new URLSearchParams(body);
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** An OAuth 2.0 authorization server for client credentials, on a free port of 127.0.0.1. */
export async function startAuthorizationServer(
  options: AuthorizationServerOptions,
): Promise<AuthorizationServer> {
  const tokens = new Set<string>();
  const grants: { method: string; scope: string | null }[] = [];
  let issuer = "";
  const grant = async (request: IncomingMessage, response: ServerResponse) => {
    const form = await readForm(request);
    if (options.refusal) return reply(response, options.refusal.status, options.refusal.body);
    try {
      if (options.humansOnly || form.get("grant_type") !== "client_credentials") {
        throw new Refused("unsupported_grant_type");
      }
      const scope = form.get("scope");
      grants.push({ method: authenticate(request, form, issuer, options), scope });
      const token = randomUUID();
      tokens.add(token);
      reply(response, 200, {
        access_token: token,
        token_type: "Bearer",
        expires_in: 3_600,
        ...options.tokenAnswer,
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reply(response, 400, { error: error.code, error_description: "refused by the fixture" });
    }
  };
  const server = createServer((request, response) => {
    if (request.url === "/token") {
      grant(request, response).catch((error: unknown) => response.destroy(error as Error));
    } else if (request.url === "/.well-known/oauth-authorization-server") {
      reply(response, 200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ["code"],
        grant_types_supported: [options.humansOnly ? "authorization_code" : "client_credentials"],
        token_endpoint_auth_methods_supported: options.methods ?? [
          "client_secret_basic",
          "client_secret_post",
          "private_key_jwt",
        ],
        token_endpoint_auth_signing_alg_values_supported: ["RS256"],
        ...options.metadata,
      });
    } else {
      reply(response, 404, {});
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    issuer,
    grants,
    isValid: (token) => tokens.has(token),
    revokeAll: () => tokens.clear(),
    close,
    [Symbol.asyncDispose]: close,
  };
}
