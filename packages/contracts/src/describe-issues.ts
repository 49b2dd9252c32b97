import { boundedErrors, type ProblemDetailError } from "./problem.ts";

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  code?: string;
  keys?: string[];
  /** Of a union: what is wrong with each of its branches. */
  errors?: Issue[][];
  /** Of a record: what is wrong with the key that its path ends with. */
  issues?: Issue[];
}

/** The first of what zod says is wrong, each with its path as one would write it. */
export function describeIssues(issues: readonly unknown[]): ProblemDetailError[] {
  return boundedErrors(describeEach(issues as readonly Issue[]));
}

function* describeEach(
  issues: readonly Issue[],
  outer: readonly PropertyKey[] = [],
): Iterable<ProblemDetailError> {
  for (const issue of issues) yield* describe(issue, outer);
}

function* describe(issue: Issue, outer: readonly PropertyKey[]): Iterable<ProblemDetailError> {
  const inner = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  const path = [...outer, ...inner];
  if (issue.code === "unrecognized_keys" && issue.keys) {
    for (const key of issue.keys) yield { path: pathText([...path, key]), message: "unknown key" };
  } else if (issue.errors && issue.errors.length > 0) {
    yield* describeUnion(issue.errors, path);
  } else {
    yield { path: pathText(path), message: messageOf(issue) };
  }
}

/** What zod says of a value that is not there, or that is a text where a number belongs. */
const NO_VALUE = /^Invalid input: expected (.+), received (undefined|NaN)$/;

/** In the words of somebody who has written the request or the file, not of the code that reads it. */
export function plainMessage(message: string): string {
  const [, expected, received] = NO_VALUE.exec(message) ?? [];
  if (expected === undefined) return message;
  return received === "NaN" ? `must be a ${expected}` : `is missing: expected ${expected}`;
}

function messageOf({ code, issues = [], message }: Issue): string {
  if (code !== "invalid_key" || issues.length === 0) return plainMessage(message);
  return `as a key: ${issues.map(messageOf).join(", and ")}`;
}

/** What is wrong inside the branch that fits as a whole; where none does, what each of them wants. */
function* describeUnion(branches: Issue[][], path: readonly PropertyKey[]): Iterable<ProblemDetailError> {
  const fitting = branches.find((issues) => issues.every((issue) => (issue.path ?? []).length > 0));
  if (fitting) {
    yield* describeEach(fitting, path);
  } else {
    const messages = branches.flat().map(messageOf);
    yield { path: pathText(path), message: messages.join(", or ") };
  }
}

/** A path as one would write it: `servers.everything.args[0]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
