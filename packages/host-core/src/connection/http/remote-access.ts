import type { LookupFunction } from "node:net";
import type { AuthSettings, TransportSettings } from "../../config/server-settings.ts";
import { askedForAuthorization, createAuthorizedFetch, type TokenSource } from "./authorized-fetch.ts";
import { CallStreams } from "./call-streams.ts";
import { createGuardedFetch, type Fetch, type GuardedFetch } from "./guarded-fetch.ts";

const REFUSAL_TIMEOUT_MS = 2_000;

export type RemoteSettings = Exclude<TransportSettings, { type: "stdio" }>;

export interface RemoteAccessOptions {
  auth: AuthSettings | null;
  /** Where tokens come from; null unless `auth` says client credentials. */
  tokens: TokenSource | null;
  /** Resolves names; the system's resolver by default. */
  lookup?: LookupFunction | undefined;
}

/** The way to one remote server: guarded, with its credentials, for as long as one connection lives. */
export class RemoteAccess {
  readonly url: URL;
  /** What every request to the server itself carries. */
  readonly headers: Readonly<Record<string, string>>;
  readonly streams = new CallStreams();
  /** The fetch of the SDKs' transports. */
  readonly fetch: Fetch;
  readonly #guarded: GuardedFetch;
  readonly #tokens: TokenSource | null;
  #lastFailure: unknown = null;

  constructor(settings: RemoteSettings, { auth, tokens, lookup }: RemoteAccessOptions) {
    this.url = new URL(settings.url);
    this.headers =
      auth?.type === "bearer"
        ? { ...settings.headers, authorization: `Bearer ${auth.token}` }
        : settings.headers;
    this.#guarded = createGuardedFetch(this.url, lookup ? { lookup } : {});
    this.#tokens = tokens;
    const fetch = this.streams.watch(createAuthorizedFetch(this.#guarded.fetch, tokens));
    this.fetch = (url, init) =>
      fetch(url, init).catch((error: unknown) => {
        this.#lastFailure = error;
        throw error;
      });
  }

  get agent(): GuardedFetch["agent"] {
    return this.#guarded.agent;
  }

  /** What the last request that failed has failed with; null when none has. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  connectError(): Error | null {
    return this.#guarded.connectError();
  }

  /** The headers of a WebSocket's handshake, whose refusal cannot be read: its token must be there before. */
  async handshakeHeaders(): Promise<Record<string, string>> {
    if (!this.#tokens) return { ...this.headers };
    const token = await this.#tokens.renew(this.#guarded.fetch, null, this.#tokens.current);
    return { ...this.headers, authorization: `Bearer ${token}` };
  }

  /** Why a WebSocket's handshake was refused, as far as an ordinary request to the same place tells. */
  async findRefusal(): Promise<Error | null> {
    const url = new URL(this.url);
    url.protocol = url.protocol.replace("ws", "http");
    const signal = AbortSignal.timeout(REFUSAL_TIMEOUT_MS);
    try {
      const headers = await this.handshakeHeaders();
      // The handshake follows no redirect either, and the headers are for this server alone.
      const response = await this.#guarded.fetch(url, { headers, redirect: "manual", signal });
      await response.body?.cancel();
      return response.status === 401 ? askedForAuthorization() : null;
    } catch {
      return null;
    }
  }

  release(): Promise<void> {
    return this.#guarded.release();
  }
}
