import { StreamableHTTPError } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/**
 * Whether a server refused a request because it does not know the session, as after its restart: 404 (MCP
 * specification, "Session Management"), or 400 with a word about sessions, as many servers answer. The SSE transport
 * has the status in its message alone.
 */
export function isSessionRefusal(error: unknown): boolean {
  if (error instanceof StreamableHTTPError) {
    return error.code === 404 || (error.code === 400 && /session/i.test(error.message));
  }
  return error instanceof Error && error.message.includes("(HTTP 404)");
}
