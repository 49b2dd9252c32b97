import { expect, onTestFinished, test, vi } from "vitest";
import { ConnectionLostError, NotRunError, SessionLostError } from "../connection.ts";
import { TaskCall } from "./task-call.ts";

const working = { taskId: "t1", status: "working", pollInterval: 50 };
const completed = { ...working, status: "completed" };
const result = { content: [] };

/** A call whose requests are answered in this order; which methods were sent. */
function scripted(answers: (Record<string, unknown> | Error)[]) {
  const methods: string[] = [];
  const send = async (method: string) => {
    methods.push(method);
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error("nothing is left to say");
    return answer;
  };
  return { call: new TaskCall(send, { name: "slow", arguments: {} }), methods };
}

const { signal } = new AbortController();
const unsent = () => new NotRunError("connect ECONNREFUSED");

test("[tasks.poll.unsent] a task is asked for again when a question about it could not be sent", async () => {
  const answers = [{ task: working }, unsent(), working, unsent(), completed, unsent(), unsent(), result];
  const { call, methods } = scripted(answers);
  expect(await call.result(signal)).toBe(result);
  const asked = ["tasks/get", "tasks/get", "tasks/get", "tasks/get"];
  const fetched = ["tasks/result", "tasks/result", "tasks/result"];
  expect(methods).toEqual(["tools/call", ...asked, ...fetched]);
});

test("[tasks.poll.unsent] asking again ends with the signal", async () => {
  const controller = new AbortController();
  const { call, methods } = scripted([{ task: { ...completed, pollInterval: 5_000 } }, unsent()]);
  const answered = call.result(controller.signal);
  await vi.waitFor(() => expect(methods).toContain("tasks/result"), 20_000);
  controller.abort(new Error("enough"));
  await expect(answered).rejects.toThrow("enough");
});

test("[tasks.poll.session] a session that is lost after the task was made is a lost connection, before it nothing has run", async () => {
  const lost = new SessionLostError("Session not found");
  for (const status of ["working", "completed"]) {
    const { call } = scripted([{ task: { ...working, status } }, lost]);
    const error = await call.result(signal).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ message: "Session not found" });
  }
  await expect(scripted([lost]).call.result(signal)).rejects.toBe(lost);
  const refused = unsent();
  await expect(scripted([refused]).call.result(signal)).rejects.toBe(refused);
});

test("[tasks.cancel.unmade] a task that is not made within 5 s of its cancelling is given up", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  // AbortSignal.timeout has a clock of its own.
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("too late")), ms);
    return controller.signal;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const signals: AbortSignal[] = [];
  const send = (_method: string, _parameters: object, ends: AbortSignal) => {
    signals.push(ends);
    return new Promise<never>(() => undefined);
  };
  const cancelled = new TaskCall(send, { name: "slow", arguments: {} }).cancel();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await cancelled).toBe(false);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});
