import { isIP } from "node:net";
import { AddressGuard, AddressRefusedError, bareHost, type AddressGuardOptions } from "./address-guard.ts";
import { isInternalName, kindOfAddress } from "./address-rules.ts";

function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/**
 * Decides what the connections of one server may reach: public addresses, and the host that the configured URL itself
 * names, on any port. A host that is an address may be any address, an internal name only internal ones: who
 * controls a name's entry must not get at a metadata service with it.
 */
export class NetworkGuard extends AddressGuard {
  readonly #ownHost: string;

  constructor(configuredUrl: URL, options: AddressGuardOptions = {}) {
    super(options);
    this.#ownHost = bareHost(configuredUrl.hostname);
  }

  /** @throws AddressRefusedError when a connection to `host` must not be made to `address`. */
  override check(hostname: string, address: string): void {
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
}
