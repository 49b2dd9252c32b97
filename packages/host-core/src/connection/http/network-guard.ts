import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { isInternalName, kindOfAddress } from "./address-rules.ts";

/** An address that a connection must not reach. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

export interface NetworkGuardOptions {
  /** Resolves names; the system's resolver by default. */
  lookup?: LookupFunction;
}

function bareHost(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/**
 * Decides what the connections of one server may reach: public addresses, and the host that the configured URL itself
 * names, on any port. A host that is an address may be any address, an internal name only internal ones: who
 * controls a name's entry must not get at a metadata service with it.
 */
export class NetworkGuard {
  readonly #ownHost: string;
  readonly #lookup: LookupFunction;
  /** Why the last connection could not be made; null when it could. */
  lastError: Error | null = null;

  constructor(configuredUrl: URL, { lookup = systemLookup }: NetworkGuardOptions = {}) {
    this.#ownHost = bareHost(configuredUrl.hostname);
    this.#lookup = lookup;
  }

  /** @throws AddressRefusedError when a connection to `host` must not be made to `address`. */
  check(hostname: string, address: string): void {
    const host = bareHost(hostname);
    const kind = kindOfAddress(address);
    if (kind === "public") return;
    const isOwn = host === this.#ownHost || (isLoopback(host) && isLoopback(this.#ownHost));
    if (isOwn && (isIP(host) !== 0 || (kind === "internal" && isInternalName(host)))) return;
    const subject = host === address ? address : `${host} (${address})`;
    const what = kind === "internal" ? "a private address" : "a link-local or reserved address";
    throw new AddressRefusedError(
      `${subject} is ${what}, which is reached only when config.url itself names that host by its address or an internal name`,
    );
  }

  /** Every connection of the agent is checked: after each redirect, and with the very address that DNS gave. */
  createAgent(options: Agent.Options): Agent {
    const connect = buildConnector({ lookup: this.#checkedLookup });
    return new Agent({
      ...options,
      connect: (target, callback) => {
        const host = bareHost(target.hostname);
        try {
          // Node looks no address up that is one already.
          if (isIP(host) !== 0) this.check(host, host);
        } catch (error) {
          this.lastError = error as Error;
          callback(error as Error, null);
          return;
        }
        connect(target, (...result) => {
          this.lastError = result[0];
          callback(...result);
        });
      },
    });
  }

  readonly #checkedLookup: LookupFunction = (hostname, options, callback) => {
    this.#lookup(hostname, options, (error, found, family) => {
      if (error) {
        callback(error, found, family);
        return;
      }
      const addresses: LookupAddress[] = Array.isArray(found)
        ? found
        : [{ address: found, family: family ?? 0 }];
      try {
        for (const { address } of addresses) this.check(hostname, address);
      } catch (refused) {
        callback(refused as Error, found, family);
        return;
      }
      callback(null, found, family);
    });
  };
}
