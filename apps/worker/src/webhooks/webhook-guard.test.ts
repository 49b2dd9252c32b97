import { expect, test } from "vitest";
import { WebhookGuard } from "./webhook-guard.ts";

const guard = new WebhookGuard([
  "hooks.internal",
  "127.0.0.1",
  "[::1]",
  "169.254.10.10",
  // In other forms than a URL's.
  "[FD00::0001]",
  "fd00:0::2",
  "[::ffff:10.0.0.8]",
  "10.9",
]);

test.each([
  ["example.com", "93.184.215.14"],
  ["hooks.internal", "10.0.0.7"],
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["[::1]", "::1"],
  ["169.254.10.10", "169.254.10.10"],
  ["[fd00::1]", "fd00::1"],
  ["[fd00::2]", "fd00::2"],
  ["[::ffff:a00:8]", "::ffff:a00:8"],
  ["10.0.0.9", "10.0.0.9"],
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

test("[webhook.private] a name that is allowed and leads to a link-local address is refused with what would help", () => {
  expect(() => guard.check("hooks.internal", "169.254.169.254")).toThrow(/by that address itself/);
});
