import { setImmediate } from "node:timers/promises";
import type { ApprovalPolicy, ChatJobRequest, ConversationMessage, JobStep, Tool } from "@millrace/contracts";
import type { AgentOutcome, AgentRun, AgentTools, CoolDowns } from "../src/agent/agent.ts";
import { runAgent } from "../src/agent/run-agent.ts";
import { systemClock } from "../src/clock.ts";
import type { ToolCallRequest } from "../src/tool-call-request.ts";
import type { ToolCallOutcome } from "../src/server/run-call.ts";
import { aborted, ScriptedModel, type ScriptEntry } from "./scripted-model.ts";

export interface ScriptedTool {
  annotations?: Record<string, unknown>;
  parameters?: Record<string, unknown>;
  policy?: ApprovalPolicy;
  call?: (request: ToolCallRequest) => Promise<ToolCallOutcome> | ToolCallOutcome;
}

export function textOutcome(text: string, is_error = false): ToolCallOutcome {
  const content = [{ type: "text", text }];
  return { ok: true, result: { content, structured_content: null, is_error, execution_time_ms: 1 } };
}

const ANYTHING = { type: "object" };

/** Tools by `server__tool`. One without a `call` answers with its name and arguments. */
class ScriptedTools implements AgentTools {
  readonly calls: ToolCallRequest[] = [];
  readonly #tools: Readonly<Record<string, ScriptedTool>>;

  constructor(tools: Readonly<Record<string, ScriptedTool>>) {
    this.#tools = tools;
  }

  tools(): Tool[] {
    return Object.entries(this.#tools).map(([name, { annotations = null, parameters = ANYTHING }]) => {
      const [server_name = "", tool_name = ""] = name.split("__");
      return {
        name,
        server_name,
        tool_name,
        description: null,
        parameters,
        output_schema: null,
        annotations,
      };
    });
  }

  async whenSettled(): Promise<void> {}

  approvalPolicy({ name }: Tool): ApprovalPolicy {
    return this.#tools[name]?.policy ?? "never";
  }

  async callTool(request: ToolCallRequest): Promise<ToolCallOutcome> {
    request.signal.throwIfAborted();
    this.calls.push(request);
    const name = `${request.server}__${request.tool}`;
    const outcome = await this.#tools[name]?.call?.(request);
    return outcome ?? textOutcome(`${name} ${JSON.stringify(request.arguments)}`);
  }
}

/** A call that only the signal ends; `stopped` is what the server makes of that. Null: it was not sent yet. */
export function hangingCall(stopped: boolean | null | Promise<boolean>) {
  // It may reject long before anybody asks.
  Promise.resolve(stopped).catch(() => {});
  return async ({ signal, onStopping, onProgress }: ToolCallRequest): Promise<ToolCallOutcome> => {
    try {
      return await aborted(signal);
    } finally {
      // Late, so that nobody may take note of it.
      onProgress?.({ progress: 1 });
      if (stopped !== null) onStopping?.(Promise.resolve(stopped));
    }
  };
}

/** Cool-downs of one process. */
export class ScriptedCoolDowns implements CoolDowns {
  readonly ends = new Map<string, number>();

  async until(provider: string): Promise<number | null> {
    return this.ends.get(provider) ?? null;
  }

  async begin(provider: string, until: number): Promise<void> {
    this.ends.set(provider, until);
  }
}

/** A job's log, as a store keeps it: what is written comes later, in order. */
export class ScriptedLog {
  readonly steps: JobStep[];
  /** How the steps were written together. */
  readonly writes: (readonly JobStep[])[] = [];
  /** Called with each write before it is stored. */
  onWrite: (steps: readonly JobStep[]) => void | Promise<void> = () => {};

  constructor(past: readonly JobStep[] = []) {
    this.steps = [...past];
  }

  readonly write = async (steps: readonly JobStep[]): Promise<void> => {
    this.writes.push(steps);
    this.steps.push(...structuredClone([...steps]));
    await this.onWrite(steps);
    await setImmediate();
  };

  types(): string[] {
    return this.steps.map(({ type }) => type);
  }

  of<Type extends JobStep["type"]>(type: Type): Extract<JobStep, { type: Type }>[] {
    return this.steps.filter((step): step is Extract<JobStep, { type: Type }> => step.type === type);
  }
}

export interface ScriptedStart {
  script?: readonly ScriptEntry[];
  model?: ScriptedModel;
  tools?: Readonly<Record<string, ScriptedTool>> | AgentTools;
  request?: Partial<ChatJobRequest>;
  previous?: ConversationMessage[];
  log?: ScriptedLog;
  signal?: AbortSignal;
  draining?: AbortSignal;
  coolDowns?: CoolDowns;
  now?: () => number;
}

export interface FinishedStart {
  outcome: AgentOutcome;
  log: ScriptedLog;
  model: ScriptedModel;
  /** Calls that reached a tool of the script. */
  calls: ToolCallRequest[];
}

/** One start of a job over scripted parts. */
export async function startAgent(start: ScriptedStart): Promise<FinishedStart> {
  const { script = [], previous = [], log = new ScriptedLog(), coolDowns = new ScriptedCoolDowns() } = start;
  const model = start.model ?? new ScriptedModel(script);
  const tools = isAgentTools(start.tools) ? start.tools : new ScriptedTools(start.tools ?? {});
  const clock = { ...systemClock, ...(start.now ? { now: start.now } : {}) };
  const run: AgentRun = {
    request: { type: "chat", message: "hello", ...start.request },
    previous,
    past: [...log.steps],
    signal: start.signal ?? new AbortController().signal,
    draining: start.draining,
    write: log.write,
  };
  const outcome = await runAgent({ model, tools, coolDowns, clock }, run);
  return { outcome, log, model, calls: tools instanceof ScriptedTools ? tools.calls : [] };
}

function isAgentTools(tools: ScriptedStart["tools"]): tools is AgentTools {
  return typeof tools?.callTool === "function";
}
