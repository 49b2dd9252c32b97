import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { RequestError } from "@hono/node-server";
import type { ProblemCode } from "@millrace/contracts";
import type { Logger } from "pino";
import { BUG_DETAIL, PROBLEM_TYPE, problemOf } from "./problem.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";

const DETAILS = {
  headers_too_large: "The request line and headers together may have 16 KiB. Put what is long into the body.",
  request_timeout: "The request did not arrive in time. Send it without long pauses.",
  malformed_request:
    "This is not HTTP/1.1 as RFC 9112 has it. Correct the request line, the headers (Host among them) or the chunks.",
} as const satisfies Partial<Record<ProblemCode, string>>;

function codeOf({ code }: NodeJS.ErrnoException): keyof typeof DETAILS {
  if (code === "HPE_HEADER_OVERFLOW") return "headers_too_large";
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? "request_timeout" : "malformed_request";
}

/**
 * What Node cannot parse never becomes a request, and Node itself would answer it with a bare status line. This answers
 * it as every other error (RFC 9457), and closes the connection, whose state nobody knows any more.
 */
export function answerUnparsableRequests(server: EventEmitter): void {
  server.on(
    "clientError",
    (error: NodeJS.ErrnoException, socket: Socket & { _httpMessage?: ServerResponse }) => {
      // Nobody is there to read it, or it would go into the middle of another answer.
      if (error.code === "ECONNRESET" || !socket.writable || socket._httpMessage?.headersSent) {
        socket.destroy();
        return;
      }
      if (socket._httpMessage?.req.complete) {
        // It belongs to bytes behind a request that is whole and waits for its answer, the last on this connection.
        socket._httpMessage.setHeader("connection", "close");
        return;
      }
      const code = codeOf(error);
      const requestId = randomUUID();
      const problem = problemOf(code, { detail: DETAILS[code] }, requestId);
      const body = JSON.stringify(problem);
      const headers = {
        ...headersOf(requestId),
        "content-length": Buffer.byteLength(body),
        connection: "close",
      };
      const head = [
        `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ];
      socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
    },
  );
}

/** Node would answer what a client expects besides `100-continue` with a bare 417. */
export function answerUnknownExpectations(server: EventEmitter): void {
  server.on("checkExpectation", (_incoming: IncomingMessage, outgoing: ServerResponse) => {
    const requestId = randomUUID();
    const detail = "The header Expect takes 100-continue alone (RFC 9110). Send the request without it.";
    const problem = problemOf("invalid_header", { detail }, requestId);
    // Its body has not been read, and is not going to be.
    outgoing.writeHead(problem.status, { ...headersOf(requestId), connection: "close" });
    outgoing.end(JSON.stringify(problem));
  });
}

/** Answers what Node can parse and which is no request all the same: its host or its path makes no URL. */
export function createRequestErrorHandler(logger: Logger): (error: unknown) => Response {
  return (error) => {
    const requestId = randomUUID();
    if (error instanceof RequestError)
      return answer("malformed_request", DETAILS.malformed_request, requestId);
    logger.error({ err: error, request_id: requestId }, "Bug: a request failed outside the app");
    return answer("internal_error", BUG_DETAIL, requestId);
  };
}

function answer(code: ProblemCode, detail: string, requestId: string): Response {
  const problem = problemOf(code, { detail }, requestId);
  return new Response(JSON.stringify(problem), { status: problem.status, headers: headersOf(requestId) });
}

function headersOf(requestId: string): Record<string, string> {
  return { ...SECURITY_HEADERS, "content-type": PROBLEM_TYPE, "x-request-id": requestId };
}
