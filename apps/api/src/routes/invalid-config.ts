import { mayUseServer, type ConfigError, type ToolAccess } from "@millrace/contracts";
import type { FleetOutcome } from "@millrace/job-store";
import { ProblemError } from "../http/problem.ts";

/** Where the errors of a server stand, in each of the formats that its file may have. */
const SERVER_PATH = /^(?:mcp_servers|mcpServers|servers)\.([^.]+)/;

const NOT_TOLD = "This key is not told all of it; ask with one that may use every server.";

type Wrong = Pick<ConfigError, "message" | "errors">;

/** The 422 for a keys' file that cannot be used. A key that may not use every server hears of no other key either. */
export function invalidKeys(wrong: Wrong, access: ToolAccess | null): ProblemError {
  if (!access) return configInvalid(`Nothing has changed: ${inOneLine(wrong.message)}.`, wrong.errors);
  return configInvalid(`Nothing has changed: the file of the API keys is not right. ${NOT_TOLD}`, []);
}

/** The 422 for servers' files that cannot be used; null where no worker has said that of its own. */
export function invalidServers(
  outcomes: ReadonlyMap<string, FleetOutcome<"reload">>,
  access: ToolAccess | null,
): ProblemError | null {
  const invalid = [...outcomes].flatMap(([id, outcome]) => {
    const answer = outcome.outcome === "answered" ? outcome.answer : null;
    return answer?.ok === false ? [{ id, ...answer }] : [];
  });
  const [first] = invalid;
  if (!first) return null;
  const idsOf = (fits: (outcome: FleetOutcome<"reload">) => boolean): string =>
    [...outcomes].flatMap(([id, outcome]) => (fits(outcome) ? [id] : [])).join(", ");
  const others = [
    ["have read a valid file", idsOf((outcome) => outcome.outcome === "answered" && outcome.answer.ok)],
    ["gave no answer", idsOf(({ outcome }) => outcome === "silent")],
    ["failed, and their logs say why", idsOf(({ outcome }) => outcome === "failed")],
  ];
  const rest = others
    .flatMap(([what, ids]) => (ids === "" ? [] : [` These workers ${what}: ${ids}.`]))
    .join("");
  const where = invalid.map(({ id }) => id).join(", ");
  const { text, errors } = visibleTo(first, access);
  return configInvalid(`Nothing has changed on ${where}: ${text}${rest}`, errors);
}

/** What a key may not use, it does not hear of: nor where the file is. */
function visibleTo(
  { message, errors }: Wrong,
  access: ToolAccess | null,
): { text: string; errors: Wrong["errors"] } {
  if (!access) return { text: `${inOneLine(message)}.`, errors };
  const own = errors.filter(({ path }) => {
    const server = SERVER_PATH.exec(path)?.[1];
    return server !== undefined && mayUseServer(access, server);
  });
  const lines = own.map(({ path, message: what }) => ` ${path}: ${what}.`);
  const hidden = own.length < errors.length || errors.length === 0 ? ` ${NOT_TOLD}` : "";
  return { text: `the file of the MCP servers is not right.${lines.join("")}${hidden}`, errors: own };
}

function configInvalid(detail: string, errors: Wrong["errors"]): ProblemError {
  return new ProblemError("config_invalid", {
    detail,
    ...(errors.length > 0 ? { errors: [...errors] } : {}),
  });
}

function inOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
