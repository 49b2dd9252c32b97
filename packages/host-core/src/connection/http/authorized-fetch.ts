import { NeedsAuthError } from "../connection.ts";
import type { Fetch } from "./guarded-fetch.ts";

/** Gets access tokens without a human. */
export interface TokenSource {
  /** The token that is in use; null before the first. */
  readonly current: string | null;
  /**
   * A token in place of `rejected`; those who ask at the same time share one. `challenge` is the answer with status
   * 401, which may say where tokens are to be had; null when there was none. `fetch` is what it may use.
   * @throws NeedsAuthError when the authorization server refuses the configured credentials.
   */
  renew(fetch: Fetch, challenge: Response | null, rejected: string | null): Promise<string>;
}

export function askedForAuthorization(): NeedsAuthError {
  return new NeedsAuthError(
    'the server asks for authorization (HTTP status 401): give it "auth" or config.headers, or correct them',
  );
}

function withToken(init: RequestInit | undefined, token: string): RequestInit {
  const headers = new Headers(init?.headers);
  headers.set("authorization", `Bearer ${token}`);
  return { ...init, headers };
}

/**
 * Fetch that sends a token, and gets a new one once when the server answers 401. (The SDKs' own way throws when two
 * requests meet an expired token at the same time.) Request bodies must be texts.
 * @throws NeedsAuthError when nothing that is configured is accepted.
 */
export function createAuthorizedFetch(fetch: Fetch, tokens: TokenSource | null): Fetch {
  return async (url, init) => {
    const used = tokens?.current ?? null;
    const response = await fetch(url, used === null ? init : withToken(init, used));
    if (response.status !== 401) return response;
    await response.body?.cancel();
    if (!tokens) {
      throw askedForAuthorization();
    }
    const token = await tokens.renew(fetch, response, used);
    const second = await fetch(url, withToken(init, token));
    if (second.status !== 401) return second;
    await second.body?.cancel();
    throw new NeedsAuthError(
      'the server refuses the token that its authorization server gave (HTTP status 401): check "auth" and its scope',
    );
  };
}
