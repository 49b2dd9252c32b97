import { ConfigError, McpConfig } from "@millrace/contracts";

/** Node names the place of most JSON errors, but not of a file that ends too early. */
function describeJsonError(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/line \d+ column \d+/.test(message)) return message;
  if (!message.includes("end of JSON input")) return message;
  const lines = text.split("\n");
  return `${message} (line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1})`;
}

function readablePath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`,
    )
    .join("");
}

type Issue = NonNullable<ReturnType<typeof McpConfig.safeParse>["error"]>["issues"][number];

/** One line for each thing that is wrong; an unknown key is named by its own path. */
function describeIssue(issue: Issue): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${readablePath([...issue.path, key])}: unknown key`);
  }
  const where = readablePath(issue.path) || "(the whole file)";
  if (issue.code === "invalid_union" && issue.path.at(-1) === "transport_type") {
    return [`${where}: must be "stdio", "http", "sse" or "websocket"`];
  }
  return [`${where}: ${issue.message}`];
}

/** @throws ConfigError that names the file, and the line or every wrong path. */
export function parseMcpConfig(path: string, text: string): McpConfig {
  let json: unknown;
  try {
    // Editors on Windows begin a file with a byte order mark.
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new ConfigError(`${path} is not valid JSON: ${describeJsonError(text, error)}`);
  }
  const parsed = McpConfig.safeParse(json);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.flatMap(describeIssue);
  throw new ConfigError([`${path} is not a valid MCP configuration:`, ...lines].join("\n  "));
}
