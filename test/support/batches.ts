import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Batch, BatchProgress, BatchResult, type BatchPage } from "@millrace/contracts";
import { expect, vi } from "vitest";
import { expectProblem, type HttpClient } from "./http-client.ts";

const PATIENCE_MS = process.env["MILLRACE_TEST_SIZE"] === "full" ? 300_000 : 20_000;
const NDJSON = { "content-type": "application/x-ndjson" };

export interface UploadOptions {
  query?: string;
  headers?: Record<string, string>;
}

/** A line of a batch that echoes its text. */
export function echoLine(text: string, more: object = {}): string {
  return JSON.stringify({ type: "tool", server: "fixture", tool: "echo", arguments: { text }, ...more });
}

/** So many of them, named `c1`, `c2`, … */
export function echoLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    echoLine(`text ${index + 1}`, { custom_id: `c${index + 1}` }),
  );
}

/** Sends NDJSON: lines, or bytes as they are. */
export function sendBatch(
  client: HttpClient,
  body: string[] | Uint8Array<ArrayBuffer>,
  { query = "", headers = {} }: UploadOptions = {},
): Promise<Response> {
  const bytes = Array.isArray(body) ? body.map((line) => `${line}\n`).join("") : body;
  return client.request(`/batches${query}`, {
    method: "POST",
    headers: { ...NDJSON, ...headers },
    body: bytes,
  });
}

/** A batch on the wire; it must have exactly the form that the contract states. */
export async function batchOf(response: Response, status = 202): Promise<Batch> {
  const text = await response.text();
  expect(`${response.status} ${text}`).toMatch(new RegExp(`^${status} `));
  const body = JSON.parse(text) as Batch;
  expect(Batch.strict().parse(body)).toEqual(body);
  return body;
}

/** The batch once it has ended: its events are followed until the last. */
export async function untilBatchEnds(client: HttpClient, batchId: string): Promise<Batch> {
  const response = await client.get(`/batches/${batchId}/events`);
  expect(response.status).toBe(200);
  await response.text();
  return await batchOf(await client.get(`/batches/${batchId}`), 200);
}

/** The lines of its results. */
export async function batchResults(client: HttpClient, batchId: string, query = ""): Promise<BatchResult[]> {
  const response = await client.get(`/batches/${batchId}/results${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/x-ndjson");
  const lines = (await response.text()).split("\n").slice(0, -1);
  return lines.map((line) => {
    const result = JSON.parse(line) as BatchResult;
    expect(BatchResult.strict().parse(result)).toEqual(result);
    return result;
  });
}

/** The batch that a problem tells of. */
export async function batchOfProblem(
  response: Response,
  code: Parameters<typeof expectProblem>[1],
): Promise<{ id: string; accepted: number; rejected: number }> {
  const { batch } = await expectProblem(response, code);
  if (!batch) throw new Error("the problem tells of no batch");
  return batch;
}

/** The events of a stream's text. */
export function batchEvents(text: string): { id: number; type: string; batch: BatchProgress }[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => {
    const event = JSON.parse(data) as { id: number; type: string; batch: BatchProgress };
    expect(BatchProgress.strict().parse(event.batch)).toEqual(event.batch);
    return event;
  });
}

/** An upload that is sent piece by piece, and may be dropped. */
export interface OpenUpload {
  write(text: string): Promise<void>;
  /** Sends the rest of the body's end; resolves with the status of the answer. */
  end(): Promise<number>;
  /** Breaks the connection off. */
  drop(): void;
}

export function openUpload(client: HttpClient, { query = "", headers = {} }: UploadOptions = {}): OpenUpload {
  const outgoing = request(`${client.url}/batches${query}`, {
    method: "POST",
    headers: { ...NDJSON, ...headers },
  });
  const answered = once(outgoing, "response").then(([response]) => {
    const incoming = response as IncomingMessage;
    incoming.resume();
    return incoming.statusCode ?? 0;
  });
  // A dropped upload has no answer.
  answered.catch(() => undefined);
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        outgoing.write(text, (error) => (error ? reject(error) : resolve()));
      }),
    end: () => {
      outgoing.end();
      return answered;
    },
    drop: () => void outgoing.destroy(),
  };
}

/** Waits until a batch looks as expected. */
export function untilBatch(client: HttpClient, batchId: string, expected: object): Promise<void> {
  const look = async () => {
    expect(await (await client.get(`/batches/${batchId}`)).json()).toMatchObject(expected);
  };
  return vi.waitFor(look, { timeout: PATIENCE_MS, interval: 50 });
}

/** The id of the newest batch, once there is one that is not `before`. */
export async function newestBatch(client: HttpClient, before: string | null = null): Promise<string> {
  const { batches } = await client.until<BatchPage>(
    "/batches?limit=1",
    (page) => page.batches[0] !== undefined && page.batches[0].id !== before,
  );
  return batches[0]?.id ?? "";
}
