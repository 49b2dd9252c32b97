import { expect, test } from "vitest";
import { isInternalName, kindOfAddress, type AddressKind } from "./address-rules.ts";

test.each<[string, AddressKind]>([
  ["93.184.216.34", "public"],
  ["2606:2800:220:1::1", "public"],
  ["172.32.0.1", "public"],
  ["127.0.0.1", "internal"],
  ["127.255.255.254", "internal"],
  ["10.1.2.3", "internal"],
  ["172.16.0.1", "internal"],
  ["172.31.255.255", "internal"],
  ["192.168.0.1", "internal"],
  ["100.64.0.1", "internal"],
  ["::1", "internal"],
  ["fd12:3456::1", "internal"],
  ["::ffff:10.0.0.1", "internal"],
  ["::ffff:7f00:1", "internal"],
  ["64:ff9b::a00:1", "internal"],
  ["64:ff9b::5db8:d822", "public"],
  ["::10.0.0.1", "internal"],
  ["::7f00:1", "internal"],
  ["::5db8:d822", "public"],
  ["::2", "forbidden"],
  ["::a9fe:a9fe", "forbidden"],
  ["::ffff:0:10.0.0.1", "internal"],
  ["::ffff:0:a9fe:a9fe", "forbidden"],
  ["::ffff:0:5db8:d822", "public"],
  ["::ffff:0:0:0", "forbidden"],
  ["169.254.169.254", "forbidden"],
  ["::ffff:169.254.169.254", "forbidden"],
  ["::ffff:a9fe:a9fe", "forbidden"],
  ["64:ff9b::a9fe:a9fe", "forbidden"],
  ["fe80::1", "forbidden"],
  ["fe80::1%eth0", "forbidden"],
  ["fd00:ec2::254", "forbidden"],
  ["fd20:ce::254", "forbidden"],
  ["fd20:ce::255", "internal"],
  ["100.100.100.200", "forbidden"],
  ["168.63.129.16", "forbidden"],
  ["0.0.0.0", "forbidden"],
  ["::", "forbidden"],
  ["64:ff9b::", "forbidden"],
  ["64:ff9b::1", "forbidden"],
  ["224.0.0.1", "forbidden"],
  ["255.255.255.255", "forbidden"],
  ["2002:a00:1::", "forbidden"],
])("[network.address] %s is %s", (address, kind) => {
  expect(kindOfAddress(address)).toBe(kind);
});

test.each([
  ["http://2130706433/", "internal"],
  ["http://0x7f.1/", "internal"],
  ["http://017700000001/", "internal"],
  ["http://0xa9fea9fe/", "forbidden"],
  ["http://[::ffff:169.254.169.254]/", "forbidden"],
])("[network.address] %s is %s: a URL writes every form of an address in one way", (url, kind) => {
  expect(kindOfAddress(new URL(url).hostname.replace(/[[\]]/g, ""))).toBe(kind);
});

test("[network.address] what is no address is an error, not public", () => {
  expect(() => kindOfAddress("example.com")).toThrow("no IP address");
});

test.each([
  ["localhost", true],
  ["mcp-server", true],
  ["db.svc.cluster.local", true],
  ["metadata.google.internal", true],
  ["example.com", false],
  ["internal.example.com", false],
])("[network.address] whether %s can only be an internal name: %s", (name, expected) => {
  expect(isInternalName(name)).toBe(expected);
});
