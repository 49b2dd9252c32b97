import { describe, expect, test } from "vitest";
import { unifiedName } from "./names.ts";

const LEGAL = /^[A-Za-z0-9_-]{1,64}$/;

describe("unifiedName", () => {
  test("[host.names.legal] a legal name stays as it is", () => {
    expect(unifiedName("filesystem", "read_file")).toBe("filesystem__read_file");
    expect(unifiedName("a", "b__c")).toBe("a__b__c");
  });

  test.each([
    ["dots", "files.v2", "read.file"],
    ["a long name", "server", "x".repeat(200)],
    ["spaces and letters of other scripts", "mein Server", "größe"],
    ["nothing legal at all", "日本", "語"],
  ])("[host.names.legal] %s become a legal name, the same every time", (_what, server, tool) => {
    expect(unifiedName(server, tool)).toMatch(LEGAL);
    expect(unifiedName(server, tool)).toBe(unifiedName(server, tool));
  });

  test.each([
    ["a.b", "c", "a_b", "c"],
    ["a__b", "c", "a", "b__c"],
    ["a_", "b", "a", "_b"],
    ["s", `${"x".repeat(80)}1`, "s", `${"x".repeat(80)}2`],
  ])(
    "[host.names.unique] %s with %s, and %s with %s, do not meet",
    (server, tool, otherServer, otherTool) => {
      expect(unifiedName(server, tool)).not.toBe(unifiedName(otherServer, otherTool));
    },
  );

  test("[host.names.unique] a tool named like the hashed name of another gets a hash itself", () => {
    const hashed = unifiedName("s", "a.b");
    const imitation = hashed.slice("s__".length);
    expect(unifiedName("s", imitation)).not.toBe(hashed);
  });
});
