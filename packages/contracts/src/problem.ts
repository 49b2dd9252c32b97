import { z } from "zod";

/**
 * Every error that the HTTP API answers: a stable code, its status and its title.
 * The shape on the wire is RFC 9457's problem+json.
 */
export const PROBLEMS = {
  invalid_json: { status: 400, title: "The body is not valid JSON" },
  invalid_encoding: { status: 400, title: "The body is not valid gzip" },
  upload_cut: { status: 400, title: "The upload broke off" },
  malformed_request: { status: 400, title: "The request is not HTTP" },
  invalid_header: { status: 400, title: "A request header is malformed" },
  invalid_query: { status: 400, title: "A query value is malformed" },
  unauthorized: { status: 401, title: "A valid API key is required" },
  scope_missing: { status: 403, title: "The API key lacks the scope for this" },
  host_not_allowed: { status: 403, title: "This host or origin is not allowed" },
  route_not_found: { status: 404, title: "No such route" },
  job_not_found: { status: 404, title: "No such job" },
  batch_not_found: { status: 404, title: "No such batch" },
  schedule_not_found: { status: 404, title: "No such schedule" },
  delivery_not_found: { status: 404, title: "No such webhook delivery" },
  server_not_found: { status: 404, title: "No such MCP server" },
  prompt_not_found: { status: 404, title: "No such prompt" },
  resource_not_found: { status: 404, title: "No such resource" },
  tool_not_found: { status: 404, title: "No such tool" },
  method_not_allowed: { status: 405, title: "This method is not allowed here" },
  request_timeout: { status: 408, title: "The request did not arrive in time" },
  approval_not_pending: { status: 409, title: "This call does not wait for an approval" },
  server_unavailable: { status: 409, title: "No worker has this MCP server connected" },
  prompt_timeout: { status: 409, title: "The prompt was not read in time" },
  resource_timeout: { status: 409, title: "The resource was not read in time" },
  too_many_schedules: { status: 409, title: "This key has as many schedules as it may have" },
  batch_cancelled: { status: 409, title: "This batch has been cancelled" },
  batch_superseded: { status: 409, title: "Another upload of this batch has taken over" },
  not_retryable: { status: 409, title: "This job cannot be retried" },
  idempotency_expired: { status: 410, title: "What this idempotency key has made is gone" },
  batch_too_long: { status: 413, title: "The batch has too many lines" },
  body_too_large: { status: 413, title: "The body is too large" },
  unsupported_media_type: { status: 415, title: "The body's type or coding is not one that is read here" },
  invalid_request: { status: 422, title: "The request does not fit its schema" },
  config_invalid: { status: 422, title: "A configuration file is not valid" },
  prompt_refused: { status: 422, title: "The MCP server refused to give the prompt" },
  prompt_too_large: { status: 422, title: "The prompt is too large" },
  resource_refused: { status: 422, title: "The MCP server refused to read the resource" },
  resource_too_large: { status: 422, title: "The resource is too large" },
  webhooks_not_configured: { status: 422, title: "This installation cannot sign webhooks" },
  idempotency_mismatch: { status: 422, title: "This idempotency key came with another request" },
  unknown_server: { status: 422, title: "The fleet has no such MCP server" },
  unknown_tool: { status: 422, title: "The server has no such tool" },
  ambiguous_tool: { status: 422, title: "Several servers have this tool" },
  unknown_model: { status: 422, title: "There is no such model" },
  previous_job_not_usable: { status: 422, title: "That job's conversation cannot be continued" },
  invalid_arguments: { status: 422, title: "The arguments do not fit the tool's schema" },
  rate_limited: { status: 429, title: "Too many requests of this API key" },
  headers_too_large: { status: 431, title: "The request headers are too large" },
  too_many_jobs: { status: 429, title: "This API key has as many jobs as it may have" },
  internal_error: { status: 500, title: "A bug in Millrace" },
  shutting_down: { status: 503, title: "This api is stopping" },
  store_unavailable: { status: 503, title: "Redis cannot be used now" },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

const codes = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** One thing that is wrong, and where: `arguments.edits[0].oldText`, `priority`, `Last-Event-ID`. */
export const ProblemDetailError = z.object({ path: z.string(), message: z.string() });
export type ProblemDetailError = z.infer<typeof ProblemDetailError>;

/** How many errors one problem tells. */
const ERRORS_MAX = 100;
/** How long the message and the path of an error are, in characters: a client may have chosen them. */
const MESSAGE_LENGTH_MAX = 1_000;
const PATH_MAX = 500;

/** What a problem tells of all that is wrong: the first errors, none of them long, and that there are more. */
export function boundedErrors(errors: Iterable<ProblemDetailError>): ProblemDetailError[] {
  const told: ProblemDetailError[] = [];
  for (const { path, message } of errors) {
    if (told.length === ERRORS_MAX) {
      told.push({ path: "", message: `and more: these are the first ${ERRORS_MAX}` });
      break;
    }
    told.push({ path: shortened(path, PATH_MAX), message: shortened(message, MESSAGE_LENGTH_MAX) });
  }
  return told;
}

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** Source: RFC 9457, with `code`, `errors` and `request_id` as extension members. */
export const Problem = z
  .object({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("What is wrong and how to cure it."),
    code: z.enum(codes),
    errors: z.array(ProblemDetailError).optional(),
    batch: z
      .object({ id: z.string(), accepted: z.int(), rejected: z.int() })
      .optional()
      .describe("When an upload ended early: what the batch has received so far."),
    request_id: z.string(),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;
