import { BlockList, isIP, isIPv6 } from "node:net";

/**
 * Whom an address reaches: anybody's server, one in the operator's own networks, or what no server's address should
 * ever be, cloud metadata services above all.
 */
export type AddressKind = "public" | "internal" | "forbidden";

const ipv4 = "ipv4";
const ipv6 = "ipv6";

/** IANA's special-purpose registries. Rules for IPv4 hold for IPv4-mapped IPv6 addresses too. */
const INTERNAL = new BlockList();
INTERNAL.addSubnet("10.0.0.0", 8, ipv4);
INTERNAL.addSubnet("100.64.0.0", 10, ipv4);
INTERNAL.addSubnet("127.0.0.0", 8, ipv4);
INTERNAL.addSubnet("172.16.0.0", 12, ipv4);
INTERNAL.addSubnet("192.168.0.0", 16, ipv4);
INTERNAL.addAddress("::1", ipv6);
INTERNAL.addSubnet("fc00::", 7, ipv6);

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet("0.0.0.0", 8, ipv4);
FORBIDDEN.addSubnet("169.254.0.0", 16, ipv4);
FORBIDDEN.addSubnet("192.0.0.0", 24, ipv4);
FORBIDDEN.addSubnet("198.18.0.0", 15, ipv4);
FORBIDDEN.addSubnet("224.0.0.0", 3, ipv4);
// Metadata services outside of the link-local range: Alibaba, Azure, AWS and Google over IPv6.
FORBIDDEN.addAddress("100.100.100.200", ipv4);
FORBIDDEN.addAddress("168.63.129.16", ipv4);
FORBIDDEN.addAddress("fd00:ec2::254", ipv6);
FORBIDDEN.addAddress("fd20:ce::254", ipv6);
FORBIDDEN.addAddress("::", ipv6);
FORBIDDEN.addSubnet("100::", 64, ipv6);
FORBIDDEN.addSubnet("fe80::", 10, ipv6);
FORBIDDEN.addSubnet("fec0::", 10, ipv6);
FORBIDDEN.addSubnet("ff00::", 8, ipv6);
// Ways to write an IPv4 address, private ones too, that no network of today needs: 6to4, Teredo, local NAT64.
FORBIDDEN.addSubnet("2002::", 16, ipv6);
FORBIDDEN.addSubnet("2001::", 32, ipv6);
FORBIDDEN.addSubnet("64:ff9b:1::", 48, ipv6);

/**
 * IPv6 addresses that stand for the IPv4 address in their last 32 bits: NAT64, over which networks without IPv4 reach
 * public IPv4 servers, IPv4-compatible ones (RFC 4291), and IPv4-translated ones (RFC 2765).
 */
const EMBEDDED = new BlockList();
EMBEDDED.addSubnet("64:ff9b::", 96, ipv6);
EMBEDDED.addSubnet("::", 96, ipv6);
EMBEDDED.addSubnet("::ffff:0:0:0", 96, ipv6);

/** The IPv4 address in the last 32 bits, in IPv6 notation that a `BlockList` takes for IPv4. */
function asMapped(address: string): string {
  // A URL writes it in the shortest form: what stands behind "::" has these bits, without the zeros before them.
  const { hostname } = new URL(`http://[${address}]`);
  const [low, high] = hostname.slice(1, -1).replace(/^.*::/, "").split(":").toReversed();
  return `::ffff:${high || "0"}:${low || "0"}`;
}

/** @throws when `address` is no IP address. */
export function kindOfAddress(address: string): AddressKind {
  const [plain = ""] = address.split("%");
  if (isIP(plain) === 0) throw new Error(`"${address}" is no IP address`);
  const family = isIPv6(plain) ? ipv6 : ipv4;
  if (FORBIDDEN.check(plain, family)) return "forbidden";
  if (INTERNAL.check(plain, family)) return "internal";
  return EMBEDDED.check(plain, family) ? kindOfAddress(asMapped(plain)) : "public";
}

/** Names that no public DNS has: of one label, as in Docker networks, and those reserved for private use. */
export function isInternalName(hostname: string): boolean {
  return !hostname.includes(".") || /\.(localhost|local|internal|home\.arpa)$/.test(hostname);
}
