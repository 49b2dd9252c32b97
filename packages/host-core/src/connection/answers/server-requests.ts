import {
  RequestRejectedError,
  type Completion,
  type CompletionRequest,
  type PromptContents,
  type ResourceContents,
  type ServerPrompt,
  type ServerResource,
  type ServerResourceTemplate,
  type ToolListing,
} from "../connection.ts";
import {
  completionParameters,
  readCompletion,
  readPromptContents,
  readResourceContents,
} from "./contents.ts";
import { listPrompts, listResources, listResourceTemplates } from "./offers.ts";
import type { FetchPage } from "./pages.ts";
import { listTools } from "./tools.ts";
import { isOurOwn } from "../http/stand-in-answer.ts";
import { METHOD_NOT_FOUND, type JsonRpcMessage } from "../wire/json-rpc.ts";

/**
 * The requests that all protocol versions have, read loosely: one odd entry never loses a list. A driver adds how
 * they are sent.
 */
export abstract class ServerRequests {
  /** Messages that have arrived so far. */
  heard = 0;
  /** Names of the tools that run as tasks only; known after listing. */
  protected taskTools: ReadonlySet<string> = new Set();
  readonly #warn: (warning: string) => void;

  constructor(warn: (warning: string) => void) {
    this.#warn = warn;
  }

  protected abstract request(
    method: string,
    parameters: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Record<string, unknown>>;

  /** Whether the server said that it has such things. */
  protected abstract offers(capability: "tools" | "resources" | "prompts"): boolean;

  /** A message has arrived. One of our own, in place of an answer, is no sign of the server's life. */
  protected hear(message: JsonRpcMessage): void {
    if (!isOurOwn(message)) this.heard += 1;
  }

  async listTools(signal: AbortSignal): Promise<ToolListing> {
    if (!this.offers("tools")) return { tools: [], leftOut: [], warnings: [], ttlMs: null };
    const { listing, taskTools } = await listTools(this.#pages("tools/list", signal));
    this.taskTools = taskTools;
    return listing;
  }

  async listResources(signal: AbortSignal): Promise<ServerResource[]> {
    if (!this.offers("resources")) return [];
    return await listResources(this.#pages("resources/list", signal), this.#warn);
  }

  async listResourceTemplates(signal: AbortSignal): Promise<ServerResourceTemplate[]> {
    if (!this.offers("resources")) return [];
    try {
      return await listResourceTemplates(this.#pages("resources/templates/list", signal), this.#warn);
    } catch (error) {
      // No capability says whether a server with resources has templates.
      if (error instanceof RequestRejectedError && error.code === METHOD_NOT_FOUND) return [];
      throw error;
    }
  }

  async listPrompts(signal: AbortSignal): Promise<ServerPrompt[]> {
    if (!this.offers("prompts")) return [];
    return await listPrompts(this.#pages("prompts/list", signal), this.#warn);
  }

  async readResource(uri: string, signal: AbortSignal): Promise<ResourceContents[]> {
    return readResourceContents(await this.request("resources/read", { uri }, signal));
  }

  async getPrompt(
    name: string,
    promptArguments: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<PromptContents> {
    const parameters = { name, arguments: { ...promptArguments } };
    return readPromptContents(await this.request("prompts/get", parameters, signal));
  }

  async complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    return readCompletion(await this.request("completion/complete", completionParameters(request), signal));
  }

  #pages(method: string, signal: AbortSignal): FetchPage {
    return (cursor) => this.request(method, cursor === undefined ? {} : { cursor }, signal);
  }
}
