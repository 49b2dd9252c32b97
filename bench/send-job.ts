import { request, type Agent } from "node:http";
import type { Target } from "./target.ts";

/** Above the time that the system is asked to wait, so that its own answer comes first. In milliseconds. */
const ANSWER_TIMEOUT_MS = 40_000;

export interface SendOptions {
  /** Keeps connections open from one job to the next; without it each job has one of its own. */
  agent?: Agent;
  signal?: AbortSignal;
}

/**
 * Sends a job and waits for its result, at as little cost as Node allows: the sender shares the machine with what
 * it measures.
 * @throws Error when there is no answer, or when `check` refuses it.
 */
export function sendJob(target: Target, options: SendOptions = {}): Promise<void> {
  const { port, headers, body, check } = target;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: "127.0.0.1",
        port,
        path: "/jobs",
        method: "POST",
        headers,
        timeout: ANSWER_TIMEOUT_MS,
        ...options,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", reject);
        response.on("end", () => {
          try {
            check(response.statusCode ?? 0, text);
            resolve();
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.on("timeout", () =>
      outgoing.destroy(new Error(`no answer from the ${target.side} within ${ANSWER_TIMEOUT_MS} ms`)),
    );
    outgoing.end(body);
  });
}
