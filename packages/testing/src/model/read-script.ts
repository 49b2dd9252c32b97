import { ModelScript } from "./script.ts";
import { schemaIssues } from "./schema-issues.ts";
import type { z } from "zod";

/** A script with its defaults filled in. */
export type CompleteModelScript = z.output<typeof ModelScript>;

/** @throws Error that lists every wrong place of the script. */
export function readModelScript(value: unknown): CompleteModelScript {
  const parsed = ModelScript.safeParse(value);
  if (parsed.success) return parsed.data;
  const lines = schemaIssues(parsed.error.issues).map(
    ({ path, message }) => `  ${path.length > 0 ? path.join(".") : "(root)"}: ${message}`,
  );
  throw new Error(`This is no model script:\n${lines.join("\n")}`);
}
