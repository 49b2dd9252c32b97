import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { Agent, buildConnector } from "undici";

/** An address that a connection must not reach. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

export interface AddressGuardOptions {
  /** Resolves names; the system's resolver by default. */
  lookup?: LookupFunction;
}

/** A host's name as it is compared: in small letters, an IPv6 address without its brackets. */
export function bareHost(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}

/** Decides what connections may reach, by the very address that DNS gave. */
export abstract class AddressGuard {
  readonly #lookup: LookupFunction;
  /** All that agents of this guard have opened. */
  readonly #sockets = new Set<Socket>();
  /** Why the last connection could not be made; null when it could. */
  lastError: Error | null = null;

  constructor({ lookup = systemLookup }: AddressGuardOptions = {}) {
    this.#lookup = lookup;
  }

  /** @throws AddressRefusedError when a connection to `hostname` must not be made to `address`. */
  abstract check(hostname: string, address: string): void;

  /** Every connection of the agent is checked, after each redirect too. */
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
          if (result[1]) this.#remember(result[1]);
          callback(...result);
        });
      },
    });
  }

  /** Ends every connection, WebSockets too: an agent forgets a socket that it has handed over to one. */
  destroySockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #remember(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
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
