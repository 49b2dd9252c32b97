import { Agent, request } from "node:http";

/** Each stream has a connection of its own. */
const agent = new Agent({ keepAlive: false, maxSockets: Infinity });

export interface StreamRequest {
  readonly port: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Told the data of each event as it comes. */
  readonly onEvent: (data: string) => void;
}

export interface EventStream {
  /** Resolves when the server ends it; rejects when it breaks. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Resolves when the answer begins. @throws Error when it is no event stream. */
export function openEventStream({
  port,
  method,
  path,
  body,
  signal,
  onEvent,
}: StreamRequest): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", accept: "text/event-stream" };
    const outgoing = request(
      { host: "127.0.0.1", port, method, path, headers, agent, signal },
      (response) => {
        if (!response.headers["content-type"]?.startsWith("text/event-stream")) {
          response.resume();
          reject(new Error(`${method} ${path} answered ${response.statusCode} and no stream`));
          return;
        }
        const ended = new Promise<void>((end, fail) => {
          response.once("end", end);
          response.once("error", fail);
        });
        ended.catch(() => {}); // Who closes a stream need not wait for its end.
        response.setEncoding("utf8");
        response.on("data", createFrameReader(onEvent));
        resolve({ ended, close: () => outgoing.destroy() });
      },
    );
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

function createFrameReader(onEvent: (data: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const frames = (rest + chunk).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const start = frame.indexOf("\ndata: ");
      if (start >= 0) onEvent(frame.slice(start + "\ndata: ".length));
    }
  };
}
