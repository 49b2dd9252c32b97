import {
  McpConfig,
  parseConfigJson,
  pathText,
  wrongConfig,
  type ConfigError,
  type ProblemDetailError,
  isJsonObject,
  type JsonObject,
} from "@millrace/contracts";
import { desktopFormat } from "./formats/desktop-format.ts";
import type { ConfigFormat } from "./formats/format.ts";
import { ownFormat } from "./formats/own-format.ts";
import { vscodeFormat } from "./formats/vscode-format.ts";

const FORMATS: readonly ConfigFormat[] = [ownFormat, desktopFormat, vscodeFormat];

export interface ParsedConfig {
  readonly config: McpConfig;
  /** What of the file has no effect. */
  readonly warnings: readonly string[];
}

type Issue = NonNullable<ReturnType<typeof McpConfig.safeParse>["error"]>["issues"][number];

/** Each thing that is wrong; an unknown key is named by its own path. */
function describeIssue(issue: Issue, { originalPath }: ConfigFormat): ProblemDetailError[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: pathText(originalPath([...issue.path, key])),
      message: "unknown key",
    }));
  }
  const path = pathText(originalPath(issue.path));
  if (issue.code === "invalid_union" && issue.path.at(-1) === "transport_type") {
    return [{ path, message: 'must be "stdio", "http", "sse" or "websocket"' }];
  }
  return [{ path, message: issue.message }];
}

function wrongAsAWhole(path: string, message: string): ConfigError {
  return wrongConfig(path, [{ path: "", message }]);
}

function readJson(path: string, text: string): JsonObject {
  const json = parseConfigJson(path, text);
  if (isJsonObject(json)) return json;
  throw wrongAsAWhole(path, "must be an object");
}

function keysOf(formats: readonly ConfigFormat[]): string {
  return formats.map(({ serversKey }) => `"${serversKey}"`).join(", ");
}

function formatOf(path: string, file: JsonObject): ConfigFormat {
  const [format, ...others] = FORMATS.filter(({ serversKey }) => Object.hasOwn(file, serversKey));
  if (!format) {
    throw wrongAsAWhole(path, `has no servers; they stand under one of ${keysOf(FORMATS)}, which may be {}`);
  }
  if (others.length === 0) return format;
  throw wrongAsAWhole(
    path,
    `has ${keysOf([format, ...others])}, which are different formats; keep one of them`,
  );
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
  throw wrongConfig(path, [...errors, ...issues.flatMap((issue) => describeIssue(issue, format))]);
}
