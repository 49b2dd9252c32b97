import { expect, test } from "vitest";
import { recordingLogger } from "../../../test/hosts.ts";
import type { ToolProgress } from "../connection.ts";
import { ProgressRouter } from "./progress-router.ts";

test("[host.texts.bound] a report of progress keeps what a log can hold of its message", () => {
  const router = new ProgressRouter(recordingLogger());
  const reports: ToolProgress[] = [];
  const progressToken = router.register((report) => reports.push(report));
  for (const message of ["half of it", "x".repeat(3_000_000), undefined]) {
    const params = { progressToken, progress: 1, message };
    router.inspect({ jsonrpc: "2.0", method: "notifications/progress", params });
  }
  const [short, long, none] = reports.map(({ message }) => message);
  expect([short, none]).toEqual(["half of it", undefined]);
  expect(long).toMatch(/^x+ … \[shortened: it has 3000000 characters\] … x+$/);
  expect(long?.length).toBeLessThan(1_100);
});

test("[host.progress.late] of a call that is over nothing is heard any more", () => {
  const router = new ProgressRouter(recordingLogger());
  const heard: string[] = [];
  const [over, other] = ["over", "other"].map((name) => router.register(() => heard.push(name)));
  router.release(over ?? "");
  for (const progressToken of [over, other]) {
    const params = { progressToken, progress: 1 };
    router.inspect({ jsonrpc: "2.0", method: "notifications/progress", params });
  }
  expect(heard).toEqual(["other"]);
});
