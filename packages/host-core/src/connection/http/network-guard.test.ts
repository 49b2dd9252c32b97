import { expect, test } from "vitest";
import { AddressRefusedError } from "./address-guard.ts";
import { NetworkGuard } from "./network-guard.ts";

function allows(configured: string, host: string, address: string): boolean {
  try {
    new NetworkGuard(new URL(configured)).check(host, address);
    return true;
  } catch (error) {
    if (error instanceof AddressRefusedError) return false;
    throw error;
  }
}

test.each([
  // Public servers are free to use public addresses, and nothing else.
  ["https://mcp.example.com/mcp", "mcp.example.com", "93.184.216.34", true],
  ["https://mcp.example.com/mcp", "login.example.com", "93.184.216.35", true],
  ["https://mcp.example.com/mcp", "mcp.example.com", "10.0.0.5", false],
  ["https://mcp.example.com/mcp", "mcp.example.com", "169.254.169.254", false],
  ["https://mcp.example.com/mcp", "127.0.0.1", "127.0.0.1", false],
  // A host that is named by its address.
  ["http://10.0.0.5:8080/mcp", "10.0.0.5", "10.0.0.5", true],
  ["http://10.0.0.5:8080/mcp", "10.0.0.6", "10.0.0.6", false],
  ["http://169.254.10.1/mcp", "169.254.10.1", "169.254.10.1", true],
  ["http://169.254.10.1/mcp", "169.254.169.254", "169.254.169.254", false],
  // The same machine under its other names.
  ["http://localhost:3000/mcp", "127.0.0.1", "127.0.0.1", true],
  ["http://127.0.0.1:3000/mcp", "localhost", "::1", true],
  ["http://localhost:3000/mcp", "10.0.0.5", "10.0.0.5", false],
  ["http://localhost:3000/mcp", "127.0.0.1.example.com", "127.0.0.1", false],
  // Names that public DNS does not have.
  ["http://mcp-server:8000/mcp", "mcp-server", "172.18.0.3", true],
  ["http://mcp-server:8000/mcp", "mcp-server", "169.254.169.254", false],
  ["http://mcp-server:8000/mcp", "other-server", "172.18.0.4", false],
])("[network.guard] configured %s: a connection to %s at %s, %s", (configured, host, address, expected) => {
  expect(allows(configured, host, address)).toBe(expected);
});
