import { MillraceError } from "@millrace/client";
import type { ApprovalPolicy } from "@millrace/contracts";
import type { Context } from "../context.ts";
import { CommandError } from "../failure.ts";
import { runOwnJob } from "../follow-job.ts";
import { JobView, showEnd } from "../output/job-view.ts";
import { readArguments, readJsonArguments, splitWords } from "../tool-arguments.ts";

interface ToolOptions {
  server: string;
  tool: string;
  arguments?: string[] | undefined;
  jsonArgs?: string | undefined;
  approval?: ApprovalPolicy | undefined;
  /** In milliseconds. */
  timeout?: number | undefined;
}

/** `millrace tool`: one tool call, to its end. */
export async function runTool(context: Context, options: ToolOptions): Promise<number> {
  const { client, output } = context;
  const { server, tool, approval, timeout } = options;
  const { values, guessed } = await toolArguments(context, options);
  const request = {
    type: "tool",
    server,
    tool,
    arguments: values,
    approval,
    timeout_ms: timeout,
  } as const;
  const view = new JobView(output);
  const submit = async () => {
    const job = await client.jobs.submit(request);
    if (guessed.length > 0) output.warn(describeGuess(guessed));
    return job;
  };
  const { job: ended, exitCode } = await runOwnJob(context, submit, (event) => view.show(event));
  showEnd(output, ended, { isTextShown: false });
  return exitCode;
}

interface ToolArguments {
  values: Record<string, unknown>;
  /** The names of those that may have been meant as text. */
  guessed: string[];
}

async function toolArguments(
  { client }: Context,
  { server, tool, arguments: words = [], jsonArgs }: ToolOptions,
): Promise<ToolArguments> {
  if (jsonArgs !== undefined && words.length > 0) {
    throw new CommandError("Give either key=value words or --json-args, not both.");
  }
  if (jsonArgs !== undefined) return { values: readJsonArguments(jsonArgs), guessed: [] };
  if (words.length === 0) return { values: {}, guessed: [] };
  const given = splitWords(words);
  const schema = await schemaOf(client, { server, tool });
  const values = readArguments(given, schema);
  const guessed = Object.keys(values).filter((name) => schema === null && typeof values[name] !== "string");
  return { values, guessed };
}

/**
 * What a tool takes; null when nobody can tell: its server is still connecting, no worker has reported, or the key may
 * not ask. A tool or server that is not there is told by the submission, with the names of those that are.
 */
async function schemaOf(
  client: Context["client"],
  { server, tool }: Pick<ToolOptions, "server" | "tool">,
): Promise<Record<string, unknown> | null> {
  try {
    const tools = await client.mcp.tools({ server });
    return tools.find(({ name, tool_name }) => tool_name === tool || name === tool)?.parameters ?? null;
  } catch (error) {
    if (error instanceof MillraceError && (error.status === 403 || error.status === 404)) return null;
    throw error;
  }
}

function describeGuess(names: readonly string[]): string {
  return `The tool's schema is not known here, so what reads as JSON was sent so: ${names.join(", ")}. With --json-args nothing is guessed.`;
}
