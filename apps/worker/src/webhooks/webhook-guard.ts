import { isIPv6 } from "node:net";
import { AddressGuard, AddressRefusedError, bareHost, kindOfAddress } from "@millrace/host-core/network";

/**
 * What webhooks may reach: public addresses, and the hosts that the operator names. Their URLs come from clients, who
 * must not get at the operator's own networks with them.
 */
export class WebhookGuard extends AddressGuard {
  readonly #allowedHosts: ReadonlySet<string>;

  constructor(allowedHosts: readonly string[]) {
    super();
    this.#allowedHosts = new Set(allowedHosts.map(canonicalHost));
  }

  override check(hostname: string, address: string): void {
    const host = bareHost(hostname);
    const kind = kindOfAddress(address);
    if (kind === "public") return;
    // Metadata services are reached by their address alone: who controls a name's entry must not get there with it.
    if (this.#allowedHosts.has(host) && (kind === "internal" || host === address)) return;
    if (this.#allowedHosts.has(host)) {
      throw new AddressRefusedError(
        `${host} leads to a link-local or reserved address, which webhooks reach only by that address itself, named in the URL and in WEBHOOK_ALLOW_HOSTS`,
      );
    }
    // The address that a name has is none of the client's business.
    throw new AddressRefusedError(
      `${host} is no public address, and has none; webhooks reach it only when WEBHOOK_ALLOW_HOSTS names it`,
    );
  }
}

/** A host as the URL of a webhook has it, whatever form an address was given in. */
function canonicalHost(host: string): string {
  const bare = bareHost(host);
  return bareHost(URL.parse(`http://${isIPv6(bare) ? `[${bare}]` : bare}`)?.hostname ?? bare);
}
