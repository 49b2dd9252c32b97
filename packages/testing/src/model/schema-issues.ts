import type { z } from "zod";

export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong, each at the deepest place: of a union, the branch that the value comes nearest to. */
export function schemaIssues(issues: readonly z.core.$ZodIssue[]): SchemaIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "invalid_union" || issue.errors.length === 0) {
      return [{ path: issue.path, message: issue.message }];
    }
    const nearest = issue.errors.map(schemaIssues).toSorted((a, b) => nearness(b) - nearness(a))[0] ?? [];
    return nearest.map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
  });
}

/** A branch that is of another type altogether fails at its root, with one issue about the type. */
function nearness(issues: readonly SchemaIssue[]): number {
  const depth = Math.max(...issues.map(({ path }) => path.length));
  const isOtherType = issues.length === 1 && depth === 0 && issues[0]?.message.includes("expected");
  return isOtherType ? -1 : depth;
}
