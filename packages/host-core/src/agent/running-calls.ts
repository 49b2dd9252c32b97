import { abortable } from "../abortable.ts";
import type { StopListener } from "../server/run-call.ts";
import { settlesWithin } from "../settles-within.ts";
import type { CallName } from "./agent-state.ts";

type Verdict = "completed" | "stopped" | "ignored";

interface RunningCall {
  readonly name: CallName;
  readonly outcome: Promise<unknown>;
  /** Whether the server gave in; null while it has not been told to. */
  readonly stopping: () => Promise<boolean> | null;
}

/** The tool calls that are under way, and what an abort makes of them. */
export class RunningCalls {
  readonly #running = new Set<RunningCall>();

  /** Settles like the call that `start` makes, but rejects at once when the signal aborts. */
  async run<Outcome>(
    name: CallName,
    signal: AbortSignal,
    start: (onStopping: StopListener) => Promise<Outcome>,
  ): Promise<Outcome> {
    let stopping: Promise<boolean> | null = null;
    const outcome = start((proof) => void (stopping = proof));
    const call: RunningCall = { name, outcome, stopping: () => stopping };
    this.#running.add(call);
    const settled = await abortable(outcome, signal);
    this.#running.delete(call);
    return settled;
  }

  /** After an abort: how each call took it. One that has not shown it after `timeoutMs` has ignored it. */
  async verdicts(timeoutMs: number): Promise<Readonly<Record<Verdict, CallName[]>>> {
    const verdicts = await Promise.all([...this.#running].map((call) => verdictWithin(call, timeoutMs)));
    const found: Record<Verdict, CallName[]> = { completed: [], stopped: [], ignored: [] };
    for (const { name, verdict } of verdicts) found[verdict].push(name);
    return found;
  }
}

async function verdictWithin(
  call: RunningCall,
  timeoutMs: number,
): Promise<{ name: CallName; verdict: Verdict }> {
  let verdict: Verdict = "ignored";
  const known = judge(call).then((found) => void (verdict = found));
  await settlesWithin(known, timeoutMs);
  return { name: call.name, verdict };
}

async function judge({ outcome, stopping }: RunningCall): Promise<Verdict> {
  const hasAnswered = await outcome.then(
    () => true,
    () => false,
  );
  // The answer was there, only nobody waited for it any more.
  if (hasAnswered) return "completed";
  // Without word of a stop, it never reached its server.
  return (await stopping()) === false ? "ignored" : "stopped";
}
