/** Name under which both sides know the MCP server; its tool `echo` returns its text. */
export const SERVER_NAME = "fixture";

const REQUEST_BYTES = 150;

/** The text that makes the request as long as the budget for memory assumes, with a result of about 100 bytes. */
const TEXT = "x".repeat(REQUEST_BYTES - JSON.stringify(requestOf("")).length);

function requestOf(text: string) {
  return { type: "tool", server: SERVER_NAME, tool: "echo", arguments: { text } };
}

/** The one request that all figures use, as JSON. */
export function echoRequest(fields: { retention_seconds?: number } = {}): string {
  return JSON.stringify({ ...requestOf(TEXT), ...fields });
}

/** Whether a tool's content is the echo of {@link echoRequest}. */
export function isEcho(content: unknown): boolean {
  const [block] = Array.isArray(content) ? (content as { text?: unknown }[]) : [];
  return block?.text === TEXT;
}
