import { requestConversation, type ChatJobRequest } from "@millrace/contracts";
import type { AgentDependencies, AgentRun } from "./agent.ts";
import { applyStep, createState, type AgentState } from "./agent-state.ts";
import { Journal } from "./journal.ts";
import { RunningCalls } from "./running-calls.ts";

/** One start of a chat job, while it goes on. */
export interface Session extends AgentDependencies {
  readonly request: ChatJobRequest;
  readonly signal: AbortSignal;
  readonly draining: AbortSignal | undefined;
  readonly state: AgentState;
  readonly journal: Journal;
  readonly running: RunningCalls;
  isModelAnswering: boolean;
}

/** Takes the job up where its past ends. */
export function openSession(dependencies: AgentDependencies, run: AgentRun): Session {
  const { request, previous, past, signal, draining } = run;
  const state = createState([...previous, ...requestConversation(request)]);
  for (const step of past) applyStep(state, step);
  const journal = new Journal(run, state);
  const running = new RunningCalls();
  return { ...dependencies, request, signal, draining, state, journal, running, isModelAnswering: false };
}
