/** A name or an address, with a port or without (RFC 9110, section 7.2). The port may be empty. */
const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d*)?$/i;

/**
 * A `Host` header in the one form that a URL has for it: small letters, addresses in their shortest form, no empty port.
 * A text that is no host comes back as it is.
 */
export function normalHost(host: string): string {
  return (HOST.test(host) ? URL.parse(`http://${host}`)?.host : null) ?? host;
}
