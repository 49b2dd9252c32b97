import { jobError, type ModelDirectory, type ModelSettings } from "@millrace/contracts";
import { createModel, runAgent, systemClock, type Host, type Model } from "@millrace/host-core";
import type { CoolDowns, Execute } from "@millrace/job-store";
import type { Logger } from "pino";
import { jobTools } from "./job-tools.ts";

export interface ChatExecutorOptions {
  host: Host;
  models: ModelDirectory;
  coolDowns: CoolDowns;
  /** Where the providers' keys are looked up. */
  environment: Readonly<Record<string, string | undefined>>;
  logger: Logger;
}

/** Runs chat jobs: the agent loop with the model that the job names and the tools of the warm host. */
export function createChatExecutor({
  host,
  models,
  coolDowns,
  environment,
  logger,
}: ChatExecutorOptions): Execute {
  const ready = new Map<ModelSettings, Model>();
  const modelOf = (settings: ModelSettings): Model => {
    const model = ready.get(settings) ?? createModel(settings, environment, { logger });
    ready.set(settings, model);
    return model;
  };

  return async (execution) => {
    const { request, previous, signal, draining, write } = execution;
    if (request.type !== "chat") throw new Error(`The chat queue holds a ${request.type} job`);
    const settings = models.find(request.model);
    if (!settings) {
      const message = `There is no model "${request.model}" on this worker. Models: ${models.aliases.join(", ")}.`;
      return { status: "failed", error: jobError("unknown_model", message), result: null };
    }
    const past = await execution.readPast();
    const outcome = await runAgent(
      { model: modelOf(settings), tools: jobTools(host, execution), coolDowns, clock: systemClock },
      { request, previous, past, signal, draining, write },
    );
    return outcome.status === "failed" ? { ...outcome, result: null } : outcome;
  };
}
