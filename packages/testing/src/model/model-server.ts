import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { anthropicFormat } from "./anthropic/anthropic-format.ts";
import { openaiFormat } from "./openai/openai-format.ts";
import { readModelScript } from "./read-script.ts";
import { RequestRecords, type RecordedRequest } from "./request-records.ts";
import { Responder } from "./responder.ts";
import type { ModelScript } from "./script.ts";
import { ScriptPlayer } from "./script-player.ts";

/** Connections that may wait to be accepted: a thousand clients come at once. */
const BACKLOG = 2_048;

const KEPT_REQUESTS = 1_000;

export interface ModelServerOptions {
  readonly script: ModelScript;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Every other key is answered with 401. Without it any key, or none, is good. */
  readonly apiKey?: string;
  /** How many requests are kept, the latest; default 1,000. */
  readonly record?: number;
}

/** Answers as its script says, in the wire formats of Anthropic's Messages and OpenAI's Chat Completions. */
export interface ModelServer extends AsyncDisposable {
  /** Such as http://127.0.0.1:8090, what ANTHROPIC_BASE_URL takes. */
  readonly url: string;
  /** What OPENAI_BASE_URL takes. */
  readonly openaiUrl: string;
  /** Those for a known path with a whole body, the latest last; also those that were refused. */
  readonly requests: readonly RecordedRequest[];
  /** Requests being answered now. */
  readonly open: number;
  /** A new script counts attempts anew. Setting it @throws Error that lists what is wrong. */
  script: ModelScript;
  /**
   * The nth request, from 1, at once if it has come.
   * @throws Error when it is no longer kept, or the server closes before it comes.
   */
  request(n: number): Promise<RecordedRequest>;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/** On 127.0.0.1. @throws Error when the script is wrong or the port is taken. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  let player = new ScriptPlayer(readModelScript(options.script));
  const records = new RequestRecords(options.record ?? KEPT_REQUESTS);
  const responder = new Responder({
    formats: [anthropicFormat, openaiFormat],
    apiKey: options.apiKey,
    records,
    player: () => player,
  });
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    responder.respond(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen({ port: options.port ?? 0, host: "127.0.0.1", backlog: BACKLOG });
  await once(server, "listening");

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    records.close();
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url,
    openaiUrl: `${url}/v1`,
    requests: records.latest,
    get open() {
      return responder.open;
    },
    get script() {
      return player.script;
    },
    set script(script: ModelScript) {
      player = new ScriptPlayer(readModelScript(script));
    },
    request: (n) => records.nth(n),
    close,
    [Symbol.asyncDispose]: close,
  };
}
