import type { ChatJobRequest, JobRequest, ModelDirectory } from "@millrace/contracts";
import type { FleetView, JobStore, NewJob, Viewer } from "@millrace/job-store";
import type { Principal } from "./access/principal.ts";
import type { ApiDependencies } from "./dependencies.ts";
import { ProblemError } from "./http/problem.ts";
import { checkToolCall, resolveToolAmong } from "./tool-check.ts";
import { checkWebhook } from "./webhook-check.ts";

/** Refuses a job that cannot succeed, with 422 and the names that exist; otherwise makes it ready to submit. */
export async function checkJob(
  { store, models, config }: Pick<ApiDependencies, "store" | "models" | "config">,
  { tenant, viewer, toolAccess }: Principal,
  request: JobRequest,
): Promise<NewJob> {
  checkWebhook(config, request);
  const fleet = (await store.fleet()).visibleTo(toolAccess);
  const newJob = { tenant, request, toolAccess: toolAccess ?? undefined };
  if (request.type === "tool") {
    checkToolCall(fleet, request);
    return newJob;
  }
  checkModel(models, request);
  checkTools(fleet, request);
  const chat = { ...newJob, request: nameModel(models, request) };
  const { previous_job_id: previousJobId } = request;
  if (previousJobId === undefined) return chat;
  const previous = await previousConversation(store, viewer, previousJobId, config.maxBodyBytes);
  return { ...chat, previous };
}

function refuse(
  code: "unknown_model" | "unknown_server" | "unknown_tool" | "ambiguous_tool",
  path: string,
  detail: string,
): never {
  throw new ProblemError(code, { detail, errors: [{ path, message: detail }] });
}

function checkModel(models: ModelDirectory, { model }: ChatJobRequest): void {
  if (model === undefined || models.find(model)) return;
  refuse("unknown_model", "model", `There is no model "${model}". Models: ${models.aliases.join(", ")}.`);
}

/**
 * Says which model `default` is, once: a worker that lacks its provider's key then fails the job, where its own default
 * would be another model, and a job that changes its worker would change its model with it. Where the api has no
 * provider's key itself, the workers decide.
 */
function nameModel(models: ModelDirectory, request: ChatJobRequest): ChatJobRequest {
  const model = models.find(request.model);
  const isOurs = model === models.default && model.provider !== "demo";
  return isOurs ? { ...request, model: model.alias } : request;
}

/** While no worker has reported, nothing can be known of servers and tools: the worker judges. */
function checkTools(
  fleet: FleetView,
  { enable_mcp: hasTools = true, mcp_servers: servers, tool_choice: choice }: ChatJobRequest,
): void {
  if (typeof choice === "object" && !hasTools) {
    const detail = "With enable_mcp: false there is no tool to choose. Leave out enable_mcp, or tool_choice.";
    refuse("unknown_tool", "tool_choice.name", detail);
  }
  if (!fleet.hasReported) return;
  const known = fleet.reports.map(({ name }) => name);
  const position = servers?.findIndex((server) => !known.includes(server)) ?? -1;
  if (position >= 0) {
    const detail = `There is no server "${servers?.[position]}". Servers: ${known.join(", ") || "none"}.`;
    refuse("unknown_server", `mcp_servers[${position}]`, detail);
  }
  if (typeof choice !== "object") return;
  const resolution = resolveToolAmong(fleet, servers, choice.name);
  if (!resolution || resolution.ok || resolution.waitFor.length > 0) return;
  const { code, message } = resolution.error;
  const detail = servers ? `Only tools of mcp_servers can be chosen. ${message}` : message;
  refuse(code === "ambiguous_tool" ? code : "unknown_tool", "tool_choice.name", detail);
}

async function previousConversation(
  store: JobStore,
  viewer: Viewer,
  jobId: string,
  maxBytes: number,
): Promise<NonNullable<NewJob["previous"]>> {
  const conversation = await store.conversation(viewer, jobId, maxBytes);
  if (typeof conversation === "object" && conversation !== null) return conversation;
  const reasons = {
    none: `There is no job ${jobId} for this key. It may have expired: send its messages instead.`,
    not_usable: `Job ${jobId} is no chat job that has ended. Wait for its end, or send its messages instead.`,
    too_large:
      `The conversation of job ${jobId} has more than ${maxBytes} bytes. Send a shorter one as messages instead, ` +
      "such as a summary, or raise MAX_BODY_BYTES.",
  };
  const detail = reasons[conversation ?? "none"];
  throw new ProblemError("previous_job_not_usable", {
    detail,
    errors: [{ path: "previous_job_id", message: detail }],
  });
}
