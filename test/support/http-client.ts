import { expect } from "vitest";
import {
  ChatJob,
  Problem,
  PROBLEMS,
  ToolJob,
  type Job,
  type JobPage,
  type ProblemCode,
} from "@millrace/contracts";
import { EventStreamReader } from "./event-stream-reader.ts";

type Headers = Record<string, string>;

/** Speaks to one api, as one client with the same headers for every request. */
export class HttpClient {
  readonly url: string;
  readonly #headers: Headers;

  constructor(url: string, headers: Headers = {}) {
    this.url = url;
    this.#headers = headers;
  }

  /** The same api as somebody else. */
  as(key: string): HttpClient {
    return new HttpClient(this.url, { authorization: `Bearer ${key}` });
  }

  request(path: string, init: Omit<RequestInit, "headers"> & { headers?: Headers } = {}): Promise<Response> {
    return fetch(this.url + path, { ...init, headers: { ...this.#headers, ...init.headers } });
  }

  get(path: string, headers: Headers = {}): Promise<Response> {
    return this.request(path, { headers });
  }

  post(path: string, body: unknown, headers: Headers = {}): Promise<Response> {
    return this.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** The body of a GET that must succeed. */
  async read<Body>(path: string): Promise<Body> {
    const response = await this.get(path);
    expect(response.status, path).toBe(200);
    return (await response.json()) as Body;
  }

  /** Asks again until the answer fits: for what has no signal of its own. */
  async until<Body>(path: string, fits: (body: Body, status: number) => boolean): Promise<Body> {
    for (;;) {
      const response = await this.get(path);
      const body = (await response.json()) as Body;
      if (fits(body, response.status)) return body;
    }
  }

  /** Returns when the fleet reports that many servers as connected. */
  async untilConnected(count: number): Promise<void> {
    await this.until<{ servers?: { status: string }[] }>(
      "/mcp/servers",
      ({ servers = [] }) => servers.filter(({ status }) => status === "connected").length === count,
    );
  }

  /** Submits a tool job that must be accepted. */
  async submit(request: object): Promise<ToolJob> {
    const response = await this.post("/jobs", { type: "tool", ...request });
    expect(response.status).toBe(202);
    return toolJobOf(response);
  }

  /** Submits a tool job and waits until it has ended. */
  async run(request: object): Promise<ToolJob> {
    const response = await this.post("/jobs", { type: "tool", ...request }, { prefer: "wait=20" });
    expect(response.status).toBe(200);
    return toolJobOf(response);
  }

  /** Submits a chat job and waits until it has ended. */
  async chat(request: object): Promise<ChatJob> {
    const response = await this.post("/chat", request);
    expect(response.status).toBe(200);
    const job = await jobOf(response);
    if (job.type !== "chat") throw new Error("no chat job");
    return job;
  }

  async job(jobId: string): Promise<Job> {
    return jobOf(await this.get(`/jobs/${jobId}`));
  }

  /** Undefined while there is no job. */
  async newestJobId(): Promise<string | undefined> {
    const { jobs } = await this.read<JobPage>("/jobs?limit=1");
    return jobs[0]?.id;
  }

  /** A job's events as a stream; closes it with `await using`. */
  async events(jobId: string, headers: Headers = {}, query = ""): Promise<EventStreamReader> {
    const response = await this.get(`/jobs/${jobId}/events${query}`, headers);
    expect(response.status).toBe(200);
    return new EventStreamReader(response);
  }
}

/** A job on the wire; it must have exactly the form that the contract states. */
export async function jobOf(response: Response): Promise<Job> {
  const body = (await response.json()) as Job;
  const form = body.type === "chat" ? ChatJob.strict() : ToolJob.strict();
  expect(form.parse(body)).toEqual(body);
  return body;
}

/** The same, of a tool job. */
async function toolJobOf(response: Response): Promise<ToolJob> {
  const job = await jobOf(response);
  if (job.type !== "tool") throw new Error("no tool job");
  return job;
}

/** Expects this problem in its whole form (RFC 9457), and returns it. */
export async function expectProblem(response: Response, code: ProblemCode): Promise<Problem> {
  const text = await response.text();
  expect(`${response.status} ${text}`).toContain(`"code":"${code}"`);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = Problem.strict().parse(JSON.parse(text));
  expect(problem).toMatchObject({ status: response.status, title: PROBLEMS[code].title });
  expect(response.status).toBe(PROBLEMS[code].status);
  expect(problem.detail).not.toBe("");
  expect(problem.request_id).not.toBe("");
  expect(response.headers.get("x-request-id")).toBe(problem.request_id);
  return problem;
}
