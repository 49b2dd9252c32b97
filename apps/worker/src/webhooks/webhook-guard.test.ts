import { expect, test } from "vitest";
import { WebhookGuard } from "./webhook-guard.ts";

const guard = new WebhookGuard(["hooks.internal", "127.0.0.1", "[::1]", "169.254.10.10"]);

test.each([
  ["example.com", "93.184.215.14"],
  ["hooks.internal", "10.0.0.7"],
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["[::1]", "::1"],
  ["169.254.10.10", "169.254.10.10"],
])("[webhook.private] %s at %s is reached", (host, address) => {
  expect(() => guard.check(host, address)).not.toThrow();
});

test.each([
  ["example.com", "10.0.0.7"],
  ["localhost", "127.0.0.1"],
  ["127.0.0.2", "127.0.0.2"],
  ["::ffff:10.0.0.7", "::ffff:10.0.0.7"],
  ["hooks.internal", "169.254.169.254"],
  ["169.254.169.254", "169.254.169.254"],
])("[webhook.private] %s at %s is refused, with the setting that allows it", (host, address) => {
  expect(() => guard.check(host, address)).toThrow(/WEBHOOK_ALLOW_HOSTS/);
});
