import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** The status of an answer that the SDK made an error of; null for other errors. Its SSE transport has it in the text. */
export function httpStatusOf(error: unknown): number | null {
  if (error instanceof StreamableHTTPError) return error.code ?? null;
  const status = error instanceof Error ? /\(HTTP (\d{3})\)/.exec(error.message)?.[1] : undefined;
  return status === undefined ? null : Number(status);
}

/**
 * Whether a server refused a request because it does not know the session, as after its restart: 404 (MCP
 * specification, "Session Management"), or 400 with a word about sessions, as many servers answer.
 */
export function isSessionRefusal(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 404 || (status === 400 && error instanceof Error && /session/i.test(error.message));
}
