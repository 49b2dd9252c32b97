import { fetch as undiciFetch, type Agent } from "undici";
import { describeError } from "../../describe-error.ts";
import { NotRunError } from "../connection.ts";
import { AddressRefusedError, type AddressGuardOptions } from "./address-guard.ts";
import { MESSAGE_BYTES_MAX } from "../wire/json-rpc.ts";
import { NetworkGuard } from "./network-guard.ts";

/** The fetch that both SDKs take. */
export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface GuardedFetch {
  readonly fetch: Fetch;
  /** Opens WebSockets, under the same guard. */
  readonly agent: Agent;
  /** Why the last connection could not be made, with its cure; null when it could. */
  connectError(): Error | null;
  /** Ends every connection. */
  release(): Promise<void>;
}

/** Undici's name for every failure below HTTP; what happened is in the cause. */
function causeOf(error: unknown): Error | null {
  return error instanceof TypeError && error.cause instanceof Error ? error.cause : null;
}

/** OpenSSL's names for a certificate that is not to be trusted. */
const CERTIFICATE_CODE = /CERT|SIGNATURE|ISSUER|ALTNAME/;

/** What went wrong below HTTP, with its cure where it has one of its own. */
function describeNetworkError(error: unknown): unknown {
  const cause = causeOf(error) ?? error;
  if (cause instanceof AddressRefusedError) return cause;
  if (!(cause instanceof Error) || !("code" in cause) || typeof cause.code !== "string") return error;
  if (!CERTIFICATE_CODE.test(cause.code)) return error;
  return new Error(
    `the server's TLS certificate is not trusted: ${cause.message}. Correct it, or name its authority's file in NODE_EXTRA_CA_CERTS`,
    { cause },
  );
}

/** Names of failures before the first byte of a request could be sent. */
const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function isConnectError(cause: Error): boolean {
  if (cause instanceof AddressRefusedError) return true;
  if (!("code" in cause) || typeof cause.code !== "string") return false;
  if (CONNECT_CODES.has(cause.code) || CERTIFICATE_CODE.test(cause.code)) return true;
  return "syscall" in cause && cause.syscall === "connect";
}

/** What is thrown for a request that failed below HTTP. */
function toRejection(error: unknown): unknown {
  const described = describeNetworkError(error);
  const cause = causeOf(error);
  return cause && isConnectError(cause) ? new NotRunError(describeError(described), { cause }) : described;
}

/**
 * Fetch for the connections of the server at `configuredUrl`: it reaches only what `NetworkGuard` allows, and knows no
 * limit of 300 s between two bytes: an idle stream is normal here, and calls have their own.
 */
export function createGuardedFetch(configuredUrl: URL, options: AddressGuardOptions = {}): GuardedFetch {
  const guard = new NetworkGuard(configuredUrl, options);
  const agent = guard.createAgent({
    headersTimeout: 0,
    bodyTimeout: 0,
    webSocket: { maxPayloadSize: MESSAGE_BYTES_MAX },
  });
  // Two declarations of one standard: undici's and the one that comes with Node's types.
  const patientFetch = undiciFetch as unknown as (
    url: string | URL,
    init: Omit<RequestInit, "dispatcher"> & { dispatcher: Agent },
  ) => Promise<Response>;
  return {
    fetch: (url, init) =>
      patientFetch(url, { ...init, dispatcher: agent }).catch((error: unknown) => {
        throw toRejection(error);
      }),
    agent,
    connectError: () => guard.lastError && (describeNetworkError(guard.lastError) as Error),
    release: async () => {
      await agent.destroy();
      guard.destroySockets();
    },
  };
}
