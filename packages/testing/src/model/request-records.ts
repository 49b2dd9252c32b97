import type { IncomingHttpHeaders } from "node:http";
import type { RequestBody } from "./wire-format.ts";

export interface RecordedRequest {
  readonly provider: "anthropic" | "openai";
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Empty when it was no JSON object. */
  readonly body: RequestBody;
  /** From 0; 0 also for a request that was refused. */
  readonly turn: number;
  /** Of this turn of this conversation, from 1; 0 when the server refused the request before it looked at its script. */
  readonly attempt: number;
  /** Resolves when the answer was sent whole (true) or the connection ended before (false). */
  readonly finished: Promise<boolean>;
}

interface Waiter {
  readonly resolve: (request: RecordedRequest) => void;
  readonly reject: (error: Error) => void;
}

/** The latest requests, and who waits for those to come. */
export class RequestRecords {
  readonly latest: RecordedRequest[] = [];
  readonly #limit: number;
  readonly #waiters = new Map<number, Waiter[]>();
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(request: RecordedRequest): void {
    this.#count += 1;
    this.latest.push(request);
    if (this.latest.length > this.#limit) this.latest.shift();
    for (const waiter of this.#waiters.get(this.#count) ?? []) waiter.resolve(request);
    this.#waiters.delete(this.#count);
  }

  /** The nth request, from 1. @throws Error when it is no longer kept, or the server closes before it comes. */
  async nth(n: number): Promise<RecordedRequest> {
    if (n > this.#count) {
      return new Promise((resolve, reject) => {
        this.#waiters.set(n, [...(this.#waiters.get(n) ?? []), { resolve, reject }]);
      });
    }
    const request = this.latest[n - 1 - (this.#count - this.latest.length)];
    if (!request) throw new Error(`Request ${n} is not kept; the option \`record\` says how many are.`);
    return request;
  }

  close(): void {
    for (const [n, waiters] of this.#waiters) {
      for (const { reject } of waiters)
        reject(new Error(`The model server closed before request ${n} came.`));
    }
    this.#waiters.clear();
  }
}
