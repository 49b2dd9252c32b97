import { expect, onTestFinished, test, vi } from "vitest";
import { onStopSignals } from "./stop-signals.ts";

test("[service.stop] the first signal stops the process, its repetition does nothing, and a later one ends it", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
  const signals = ["SIGINT", "SIGTERM"] as const;
  const before = signals.map((name) => process.listeners(name));
  const stop = vi.fn<(signal: string) => void>();
  onStopSignals(stop);
  const own = signals.map((name, index) =>
    process.listeners(name).find((each) => !before[index]?.includes(each)),
  );
  onTestFinished(() => {
    vi.useRealTimers();
    exit.mockRestore();
    for (const [index, name] of signals.entries()) process.off(name, own[index] ?? (() => {}));
  });
  const [interrupt, terminate] = own;
  terminate?.("SIGTERM");
  interrupt?.("SIGINT");
  vi.advanceTimersByTime(1_000);
  terminate?.("SIGTERM");
  expect(stop.mock.calls).toEqual([["SIGTERM"]]);
  expect(exit).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  interrupt?.("SIGINT");
  expect(exit.mock.calls).toEqual([[1]]);
});
