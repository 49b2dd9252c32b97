import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedWebhook {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Answers one request; one that does nothing leaves its sender waiting. */
type Answer = (response: ServerResponse, count: number) => void;

/** A server that takes webhooks, and answers each path in its own way. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: ReceivedWebhook[] = [];
  readonly #server = createServer();
  readonly #answers = new Map<string, Answer>();

  private constructor() {
    this.#server.on("request", (request, response: ServerResponse) => void this.#take(request, response));
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The URL of a path, and how it answers: 204 unless told otherwise. */
  url(path: string, answer?: Answer): string {
    if (answer) this.#answers.set(path, answer);
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** What has come to this path so far. */
  at(path: string): ReceivedWebhook[] {
    return this.received.filter((webhook) => webhook.path === path);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? "";
    this.received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
    const answer = this.#answers.get(path.split("?")[0] ?? "") ?? ((plain) => plain.writeHead(204).end());
    answer(response, this.at(path).length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
