import { ConfigError, McpConfig, parseConfigJson } from "@millrace/contracts";
import { desktopFormat } from "./formats/desktop-format.ts";
import { isJsonObject, type ConfigFormat, type JsonObject } from "./formats/format.ts";
import { ownFormat } from "./formats/own-format.ts";
import { vscodeFormat } from "./formats/vscode-format.ts";

const FORMATS: readonly ConfigFormat[] = [ownFormat, desktopFormat, vscodeFormat];

export interface ParsedConfig {
  readonly config: McpConfig;
  /** What of the file has no effect. */
  readonly warnings: readonly string[];
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
function describeIssue(issue: Issue, { originalPath }: ConfigFormat): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${readablePath(originalPath([...issue.path, key]))}: unknown key`);
  }
  const where = readablePath(originalPath(issue.path)) || "(the whole file)";
  if (issue.code === "invalid_union" && issue.path.at(-1) === "transport_type") {
    return [`${where}: must be "stdio", "http", "sse" or "websocket"`];
  }
  return [`${where}: ${issue.message}`];
}

function wrong(path: string, lines: readonly string[]): ConfigError {
  const errors = lines.map((line) => {
    const end = line.indexOf(": ");
    return { path: line.slice(0, end), message: line.slice(end + ": ".length) };
  });
  return new ConfigError([`${path} is not a valid MCP configuration:`, ...lines].join("\n  "), errors);
}

function readJson(path: string, text: string): JsonObject {
  const json = parseConfigJson(path, text);
  if (isJsonObject(json)) return json;
  throw wrong(path, ["(the whole file): must be an object"]);
}

function keysOf(formats: readonly ConfigFormat[]): string {
  return formats.map(({ serversKey }) => `"${serversKey}"`).join(", ");
}

function formatOf(path: string, file: JsonObject): ConfigFormat {
  const [format, ...others] = FORMATS.filter(({ serversKey }) => Object.hasOwn(file, serversKey));
  if (!format) {
    throw wrong(path, [
      `(the whole file): has no servers; they stand under one of ${keysOf(FORMATS)}, which may be {}`,
    ]);
  }
  if (others.length === 0) return format;
  throw wrong(path, [
    `(the whole file): has ${keysOf([format, ...others])}, which are different formats; keep one of them`,
  ]);
}

/**
 * Reads a configuration in any of the three formats.
 * @throws ConfigError that names the file, and the line or every wrong path.
 */
export function parseMcpConfig(path: string, text: string): ParsedConfig {
  const file = readJson(path, text);
  const format = formatOf(path, file);
  const { config, warnings, errors } = format.convert(file);
  const parsed = McpConfig.safeParse(config);
  if (parsed.success && errors.length === 0) {
    return { config: parsed.data, warnings: warnings.map((warning) => `${path}: ${warning}`) };
  }
  const issues = parsed.error?.issues ?? [];
  // A file without servers is told of in the words of its own format.
  const told = issues.filter((issue) => issue.path.length !== 1 || errors.length === 0);
  throw wrong(path, [...errors, ...told.flatMap((issue) => describeIssue(issue, format))]);
}
