import {
  auth,
  discoverOAuthServerInfo,
  extractWWWAuthenticateParams,
} from "@modelcontextprotocol/sdk/client/auth.js";
import {
  ClientCredentialsProvider,
  PrivateKeyJwtProvider,
} from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import {
  OAuthError,
  ServerError,
  TemporarilyUnavailableError,
  TooManyRequestsError,
} from "@modelcontextprotocol/sdk/server/auth/errors.js";
import type { AuthSettings } from "../../config/server-settings.ts";
import { describeError } from "../../describe-error.ts";
import { NeedsAuthError } from "../connection.ts";
import type { TokenSource } from "../http/authorized-fetch.ts";
import type { Fetch } from "../http/guarded-fetch.ts";
import { describeMisfit } from "./describe-misfit.ts";
import { withReadableAnswers } from "./oauth-answers.ts";

/** Refusals that say nothing about the credentials. */
const PASSING = [ServerError, TemporarilyUnavailableError, TooManyRequestsError];

type ClientCredentialsSettings = Extract<AuthSettings, { type: "client_credentials" }>;

function createProvider(settings: ClientCredentialsSettings, expectedIssuer: string) {
  const { clientId, clientSecret, privateKey, signingAlgorithm, scope } = settings;
  const common = { clientId, clientName: "millrace", expectedIssuer, ...(scope === null ? {} : { scope }) };
  if (privateKey !== null && signingAlgorithm !== null) {
    return new PrivateKeyJwtProvider({ ...common, privateKey, algorithm: signingAlgorithm });
  }
  return new ClientCredentialsProvider({ ...common, clientSecret: clientSecret ?? "" });
}

/**
 * Tokens by the client credentials grant (MCP extension "OAuth Client Credentials"; RFC 6749 section 4.4), with a
 * secret or a signed assertion (RFC 7523). The authorization server is the one that the MCP server names; the first
 * that has accepted the credentials is the only one that gets them afterwards.
 */
export class ClientCredentials implements TokenSource {
  readonly #serverUrl: URL;
  readonly #settings: ClientCredentialsSettings;
  /** Null until its authorization server has given a token. */
  #provider: ReturnType<typeof createProvider> | null = null;
  #renewing: Promise<string> | null = null;

  constructor(serverUrl: URL, settings: ClientCredentialsSettings) {
    this.#serverUrl = new URL(serverUrl);
    this.#serverUrl.protocol = serverUrl.protocol.replace("ws", "http");
    this.#settings = settings;
  }

  get current(): string | null {
    return this.#provider?.tokens()?.access_token ?? null;
  }

  renew(fetch: Fetch, challenge: Response | null, rejected: string | null): Promise<string> {
    const { current } = this;
    if (current !== null && current !== rejected) return Promise.resolve(current);
    this.#renewing ??= this.#renew(fetch, challenge).finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renew(fetch: Fetch, challenge: Response | null): Promise<string> {
    const { resourceMetadataUrl, scope } = challenge ? extractWWWAuthenticateParams(challenge) : {};
    const hints = { ...(resourceMetadataUrl && { resourceMetadataUrl }), ...(scope && { scope }) };
    const fetchFn = withReadableAnswers(fetch);
    try {
      const provider = this.#provider ?? (await this.#discover({ ...hints, fetchFn }));
      await auth(provider, { serverUrl: this.#serverUrl, fetchFn, ...hints });
      this.#provider = provider;
    } catch (error) {
      const misfit = describeMisfit(error);
      if (misfit !== null) {
        // oxlint-disable-next-line preserve-caught-error -- a cause is told as well, and this one's text is a long JSON
        throw new Error(`no token for the server: its authorization server's answer is not valid: ${misfit}`);
      }
      const reason = `no token for the server: ${describeError(error)}`;
      if (error instanceof OAuthError && !PASSING.some((passing) => error instanceof passing)) {
        throw new NeedsAuthError(`${reason}; check "auth" in its configuration`);
      }
      throw new Error(reason, { cause: error });
    }
    if (this.current === null) throw new Error("the authorization server gave no access token");
    return this.current;
  }

  /** A provider bound to the authorization server that the MCP server names now. */
  async #discover(hints: Parameters<typeof discoverOAuthServerInfo>[1]) {
    const { authorizationServerUrl } = await discoverOAuthServerInfo(this.#serverUrl, hints);
    return createProvider(this.#settings, authorizationServerUrl);
  }
}
