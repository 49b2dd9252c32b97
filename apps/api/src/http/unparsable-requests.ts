import { randomUUID } from "node:crypto";
import type { EventEmitter } from "node:events";
import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PROBLEMS, type Problem, type ProblemCode } from "@millrace/contracts";

const DETAILS = {
  headers_too_large: "The request line and headers together may have 16 KiB. Put what is long into the body.",
  request_timeout: "The request did not arrive in time. Send it without long pauses.",
  malformed_request: "This is not HTTP/1.1 as RFC 9112 has it. Correct the request line, headers or chunks.",
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
      const code = codeOf(error);
      const { status, title } = PROBLEMS[code];
      const problem: Problem = {
        type: "about:blank",
        title,
        status,
        detail: DETAILS[code],
        code,
        request_id: randomUUID(),
      };
      const body = JSON.stringify(problem);
      const { request_id: requestId } = problem;
      const head = [
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
        "content-type: application/problem+json",
        `content-length: ${Buffer.byteLength(body)}`,
        `x-request-id: ${requestId}`,
        "connection: close",
      ];
      socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
    },
  );
}
