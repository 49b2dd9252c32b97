import { MillraceConnectionError, MillraceError } from "@millrace/client";
import { EXIT } from "./exit-code.ts";

/** What a user can put right. The message says how, on one line. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** An error as one line for a person, and the exit code that says it to a script. */
export function describeFailure(error: unknown): { message: string; exitCode: number } {
  if (error instanceof MillraceConnectionError) {
    const { origin } = new URL(error.url);
    const reason = error.cause instanceof Error ? reasonOf(error.cause) : "no answer";
    return {
      message: `No Millrace answers at ${origin} (${reason}). Start one with npm start, or name another with --url or MILLRACE_URL.`,
      exitCode: EXIT.unreachable,
    };
  }
  if (error instanceof MillraceError) {
    const exitCode = error.status >= 500 ? EXIT.unreachable : EXIT.refused;
    if (error.code === "unauthorized") {
      return { message: "The api requires a valid key: set MILLRACE_API_KEY, or give --api-key.", exitCode };
    }
    return { message: `${oneLine(error.detail)} (${error.code})`, exitCode };
  }
  if (error instanceof CommandError) return { message: oneLine(error.message), exitCode: EXIT.refused };
  if (isFileError(error)) return { message: describeFileError(error), exitCode: EXIT.refused };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { message: `This is a bug in millrace: ${text}`, exitCode: EXIT.refused };
}

function reasonOf(error: Error): string {
  return error.cause instanceof Error ? reasonOf(error.cause) : oneLine(error.message || error.name);
}

interface FileError extends Error {
  code: string;
  /** Missing where an open file fails. */
  path?: string | undefined;
}

function isFileError(error: unknown): error is FileError {
  const { code, syscall } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  return error instanceof Error && typeof code === "string" && typeof syscall === "string";
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be opened: its permissions forbid it",
  ENOSPC: "cannot be written: the disk is full",
};

function describeFileError({ code, path = "A file", message }: FileError): string {
  return `${path} ${FILE_PROBLEMS[code] ?? `cannot be used: ${message}`}.`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").trim();
}
