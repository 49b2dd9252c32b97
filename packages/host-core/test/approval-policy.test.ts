import { expect, test } from "vitest";
import { fixture, makeHost, startHost } from "./hosts.ts";

test("[host.approval.policy] the host tells the policy of a tool by its server and its own name", async () => {
  const host = await startHost([
    fixture("guarded", [], { approval: { "*": "destructive", "destructive_*": "always" } }),
    fixture("open"),
  ]);
  const policies = new Map(host.tools().map((tool) => [tool.name, host.approvalPolicy(tool)]));
  expect(policies.get("guarded__read_only")).toBe("destructive");
  expect(policies.get("guarded__destructive_write")).toBe("always");
  expect(policies.get("open__destructive_write")).toBe("never");
});

test("[host.approval.policy] a tool whose server is gone always waits for an approval", async () => {
  const host = await startHost([fixture("open")]);
  const [tool] = host.tools();
  if (!tool) throw new Error("the fixture has no tool");
  await host.close();
  // Known to the configuration, though not connected.
  expect(host.approvalPolicy(tool)).toBe("never");
  expect(makeHost([]).approvalPolicy(tool)).toBe("always");
});
