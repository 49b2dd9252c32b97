import { request, type Agent } from "node:http";
import { setTimeout } from "node:timers/promises";

const RETRY_MS = 1_000;

export interface JsonRequest {
  readonly port: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly agent?: Agent;
  readonly signal: AbortSignal;
}

/** @throws Error unless the answer is one of success. A reading that is answered with 503 is repeated, as clients do. */
export async function requestJson<Value>(options: JsonRequest): Promise<Value> {
  const { method, path, signal } = options;
  for (;;) {
    const { status, text } = await send(options);
    if (status >= 200 && status < 300) return JSON.parse(text) as Value;
    if (status !== 503 || method !== "GET") {
      throw new Error(`${method} ${path} answered ${status}: ${text.slice(0, 500)}`);
    }
    await setTimeout(RETRY_MS, undefined, { signal });
  }
}

function send({ body, ...options }: JsonRequest): Promise<{ status: number; text: string }> {
  const headers = { "content-type": "application/json", accept: "application/json" };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: "127.0.0.1", headers, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.once("error", reject);
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
