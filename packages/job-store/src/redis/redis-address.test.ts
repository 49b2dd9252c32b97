import { expect, test } from "vitest";
import { parseClusterUrl, withoutCredentials } from "./redis-address.ts";

test("[store.cluster.url] a Cluster is named by some of its nodes", () => {
  expect(parseClusterUrl("redis+cluster://a:7000,b,[::1]:7002")).toEqual({
    nodes: [
      { host: "a", port: 7_000 },
      { host: "b", port: 6_379 },
      { host: "::1", port: 7_002 },
    ],
    access: {},
  });
  expect(parseClusterUrl("rediss+cluster://us%40er:p%3Aw@a:7000")).toEqual({
    nodes: [{ host: "a", port: 7_000 }],
    access: { username: "us@er", password: "p:w", tls: {} },
  });
  expect(parseClusterUrl("redis://a:7000")).toBeNull();
});

test("[store.cluster.url.shown] no log shows the password of a Redis", () => {
  expect(withoutCredentials("redis+cluster://user:secret@a:7000,b:7001")).toBe("a:7000, b:7001");
  expect(withoutCredentials("redis://user:secret@a:7000/1")).toBe("redis://a:7000/1");
});
