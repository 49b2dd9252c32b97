/** What else may call out of a worker, under rules of its own. Apart from the host, which may do without undici. */
export { AddressGuard, AddressRefusedError, bareHost } from "./connection/http/address-guard.ts";
export { kindOfAddress } from "./connection/http/address-rules.ts";
