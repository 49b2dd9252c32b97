import type { ChatMessage, KeyView, Model, ModelProvider, Worker } from "@millrace/contracts";
import { Batches } from "./batches.ts";
import { startChat, type Chat, type ChatOptions } from "./chat.ts";
import { Connection, type ClientOptions } from "./http/connection.ts";
import { Jobs } from "./jobs.ts";
import { Mcp } from "./mcp.ts";
import type { SignalOption } from "./http/signal-option.ts";
import { Schedules } from "./schedules.ts";

/** How the api is. */
export interface Health {
  status: "ready";
  redis: true;
  /** Live workers. */
  workers: number;
  /** Which model providers have their key, or a server that needs none. */
  providers: Record<ModelProvider, boolean>;
}

/** One api, as one key sees it. Holds nothing open: there is nothing to close. */
export class MillraceClient {
  /** Submit, follow, list, cancel, retry and approve jobs. */
  readonly jobs: Jobs;
  /** Submit many jobs at once, and read their results. */
  readonly batches: Batches;
  /** Jobs that are submitted at certain times. */
  readonly schedules: Schedules;
  /** The fleet's MCP servers, and what they offer. */
  readonly mcp: Mcp;
  readonly #connection: Connection;

  constructor(options: ClientOptions) {
    this.#connection = new Connection(options);
    this.jobs = new Jobs(this.#connection);
    this.batches = new Batches(this.#connection);
    this.schedules = new Schedules(this.#connection);
    this.mcp = new Mcp(this.#connection, this.jobs);
  }

  /**
   * Starts a chat job with the fleet's tools, from one message or a conversation that ends with the user's.
   *
   * @example
   * ```ts
   * const chat = await client.chat("What does welcome.txt say?", { mcp_servers: ["filesystem"] });
   * for await (const text of chat.text()) process.stdout.write(text);
   * const { status, usage } = await chat.end();
   * ```
   */
  async chat(conversation: string | ChatMessage[], options: ChatOptions = {}): Promise<Chat> {
    return await startChat(this.jobs, conversation, options);
  }

  /** The live workers. */
  async workers({ signal }: SignalOption = {}): Promise<Worker[]> {
    return (await this.#connection.read<{ workers: Worker[] }>("/workers", { signal })).workers;
  }

  /** The models that a chat may name, by alias. */
  async models({ signal }: SignalOption = {}): Promise<Model[]> {
    return (await this.#connection.read<{ models: Model[] }>("/models", { signal })).models;
  }

  /** The key that this client uses: its scopes, limits and use. */
  async key({ signal }: SignalOption = {}): Promise<KeyView> {
    return await this.#connection.read("/keys/me", { signal });
  }

  /**
   * Whether the api and its Redis answer. Needs no key.
   * @throws MillraceError `store_unavailable`, after some tries, when Redis does not.
   */
  async health({ signal }: SignalOption = {}): Promise<Health> {
    return await this.#connection.read("/health/ready", { signal });
  }
}

/**
 * Makes a client, in Node or in a browser.
 * @throws TypeError when `url` is no address, or `apiKey` no key.
 *
 * @example
 * ```ts
 * const client = createClient({ url: "http://127.0.0.1:8000", apiKey: process.env.MILLRACE_API_KEY });
 * ```
 */
export function createClient(options: ClientOptions): MillraceClient {
  return new MillraceClient(options);
}
