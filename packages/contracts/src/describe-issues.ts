import { boundedErrors, type ProblemDetailError } from "./problem.ts";

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  code?: string;
  /** Of a value that is too small or too big: its kind. */
  origin?: string;
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
  for (const issue of withoutMootBounds(issues)) yield* describe(issue, outer);
}

/**
 * Without bounds that cure nothing: of what is no value of the right kind, such as a text where a list belongs, and
 * zod's own of a whole number where the schema has another. What zod says of one value stands together, its kind first.
 */
function withoutMootBounds(issues: readonly Issue[]): Issue[] {
  return issues.filter((issue, index) => {
    if (!isBound(issue)) return true;
    const [before, after] = [issues[index - 1], issues[index + 1]];
    if (before?.code === "invalid_type" && isSamePlace(before, issue)) return false;
    return !(issue.origin === "int" && after && isBound(after) && isSamePlace(after, issue));
  });
}

function isBound({ code }: Issue): boolean {
  return code === "too_small" || code === "too_big";
}

function isSamePlace(one: Issue, other: Issue): boolean {
  return pathText(keysOf(one)) === pathText(keysOf(other));
}

function* describe(issue: Issue, outer: readonly PropertyKey[]): Iterable<ProblemDetailError> {
  const path = [...outer, ...keysOf(issue)];
  if (issue.code === "unrecognized_keys" && issue.keys) {
    for (const key of issue.keys) yield { path: pathText([...path, key]), message: "unknown key" };
  } else if (issue.errors && issue.errors.length > 0) {
    yield* describeUnion(issue.errors, path);
  } else {
    yield { path: pathText(path), message: messageOf(issue) };
  }
}

function keysOf({ path = [] }: Issue): PropertyKey[] {
  return path.map((part) => (typeof part === "object" ? part.key : part));
}

/** What zod says of a value of the wrong kind. */
const WRONG_KIND = /^Invalid input: expected (.+), received (.+)$/;

/** In the words of somebody who has written the request or the file, not of the code that reads it. */
export function plainMessage(message: string): string {
  const [, kind, received] = WRONG_KIND.exec(message) ?? [];
  if (kind === undefined) return message;
  const expected = kind === "record" ? "object" : kind;
  if (received === "undefined") return `is missing: expected ${expected}`;
  if (received === "NaN") return `must be a ${expected}`;
  if (expected === "int") return "must be a whole number";
  return `Invalid input: expected ${expected}, received ${received}`;
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
    const messages = branches.flatMap(withoutMootBounds).map(messageOf);
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
