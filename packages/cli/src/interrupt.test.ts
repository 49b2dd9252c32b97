import { expect, onTestFinished, test, vi } from "vitest";
import { onInterrupt } from "./interrupt.ts";

test("[cli.interrupt] a Ctrl-C that comes twice at once is one, and a later one ends the command", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const exit = vi.spyOn(process, "exit").mockReturnValue(undefined as never);
  onTestFinished(() => {
    vi.useRealTimers();
    exit.mockRestore();
  });
  const before = process.listeners("SIGINT");
  const handle = vi.fn<() => void>();
  const interrupt = onInterrupt(handle);
  const press = process.listeners("SIGINT").find((each) => !before.includes(each));
  press?.("SIGINT");
  vi.advanceTimersByTime(1_000);
  press?.("SIGINT");
  expect(handle).toHaveBeenCalledTimes(1);
  expect(exit).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  press?.("SIGINT");
  expect(handle).toHaveBeenCalledTimes(1);
  expect(exit.mock.calls).toEqual([[130]]);
  interrupt[Symbol.dispose]();
  expect(process.listeners("SIGINT")).toEqual(before);
});
