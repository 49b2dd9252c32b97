import type {
  ExecuteResponse,
  Job,
  PromptList,
  ReloadResponse,
  ResourceContent,
  ResourceContents,
  ResourceList,
  Server,
  Tool,
} from "@millrace/contracts";
import type { Connection } from "./http/connection.ts";
import { idempotencyHeader } from "./http/idempotency-key.ts";
import { path } from "./http/path.ts";
import type { SignalOption } from "./http/signal-option.ts";
import type { Jobs, SubmitOptions } from "./jobs.ts";

interface RefreshOptions extends SignalOption {
  /** Whether the workers ask their servers again first, which takes up to 15 s. */
  refresh?: boolean | undefined;
}

/** What a server offers as data; `truncated` says whether some were left out because there are too many. */
export type Resources = ResourceList;

/** The prompts of a server; `truncated` as with resources. */
export type Prompts = PromptList;

/** What each worker made of the file. */
export type Reload = ReloadResponse;

/** `client.mcp`: the fleet's MCP servers and what they offer. */
export class Mcp {
  readonly #connection: Connection;
  readonly #jobs: Jobs;

  constructor(connection: Connection, jobs: Jobs) {
    this.#connection = connection;
    this.#jobs = jobs;
  }

  /** The servers, and how they are. */
  async servers({ refresh, signal }: RefreshOptions = {}): Promise<Server[]> {
    const options = { query: { refresh }, signal };
    return (await this.#connection.read<{ servers: Server[] }>("/mcp/servers", options)).servers;
  }

  /**
   * The tools of all servers, or of one.
   *
   * @example
   * ```ts
   * for (const tool of await client.mcp.tools({ server: "filesystem" })) console.log(tool.name, tool.parameters);
   * ```
   */
  async tools({ server, refresh, signal }: RefreshOptions & { server?: string | undefined } = {}): Promise<
    Tool[]
  > {
    const place = server === undefined ? "/mcp/tools" : path`/mcp/servers/${server}/tools`;
    return (await this.#connection.read<{ tools: Tool[] }>(place, { query: { refresh }, signal })).tools;
  }

  /**
   * Calls a tool and waits for its answer, however long it takes. `success` is false when the tool failed.
   * @throws MillraceError `tool_not_found`, `invalid_arguments` …: a call that cannot succeed.
   *
   * @example
   * ```ts
   * const answer = await client.mcp.executeTool("everything", "get-sum", { a: 1, b: 2 });
   * if (answer.success) console.log(answer.content);
   * ```
   */
  async executeTool(
    server: string,
    tool: string,
    toolArguments: Record<string, unknown> = {},
    { idempotencyKey, signal }: SubmitOptions = {},
  ): Promise<ExecuteResponse> {
    const { status, body } = await this.#connection.json(path`/mcp/servers/${server}/tools/${tool}/execute`, {
      method: "POST",
      json: { arguments: toolArguments },
      headers: idempotencyHeader(idempotencyKey),
      repeatable: true,
      signal,
    });
    if (status === 200) return body as ExecuteResponse;
    return executeResponse(await this.#jobs.wait((body as Job).id, { signal }));
  }

  /** A server's resources and resource templates. */
  async resources(server: string, { refresh, signal }: RefreshOptions = {}): Promise<Resources> {
    return await this.#connection.read(path`/mcp/servers/${server}/resources`, {
      query: { refresh },
      signal,
    });
  }

  /** Reads a resource: its parts, each with `text`, or with `blob` in base64. */
  async readResource(server: string, uri: string, { signal }: SignalOption = {}): Promise<ResourceContent[]> {
    const options = { query: { uri }, signal };
    const place = path`/mcp/servers/${server}/resources/read`;
    return (await this.#connection.read<ResourceContents>(place, options)).contents;
  }

  /** A server's prompts. */
  async prompts(server: string, { refresh, signal }: RefreshOptions = {}): Promise<Prompts> {
    return await this.#connection.read(path`/mcp/servers/${server}/prompts`, { query: { refresh }, signal });
  }

  /** By server, whether a worker has it connected, or it rests until it is called. */
  async health({ signal }: SignalOption = {}): Promise<Record<string, boolean>> {
    const answer = await this.#connection.read<{ health: Record<string, boolean> }>("/mcp/health", {
      signal,
    });
    return answer.health;
  }

  /**
   * Makes every worker read the configuration of its servers again, and tells what that changed.
   * @throws MillraceError `config_invalid`: nothing has changed, and `errors` says why.
   */
  async reload({ signal }: SignalOption = {}): Promise<Reload> {
    return await this.#connection.read("/mcp/reload", { method: "POST", repeatable: true, signal });
  }
}

/** The end of a call that took longer than the api waits for it. */
function executeResponse(job: Job): ExecuteResponse {
  const result = job.type === "tool" ? job.result : null;
  return {
    success: job.status === "completed",
    content: result?.content ?? [],
    structured_content: result?.structured_content ?? null,
    error: job.status === "cancelled" ? "The call was cancelled." : (job.error?.message ?? null),
    execution_time_ms: result?.execution_time_ms ?? null,
    job_id: job.id,
  };
}
