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
  /** In seconds. */
  timeout?: number | undefined;
}

/** `millrace tool`: one tool call, to its end. */
export async function runTool(context: Context, options: ToolOptions): Promise<number> {
  const { client, output } = context;
  const { server, tool, approval, timeout } = options;
  const request = {
    type: "tool",
    server,
    tool,
    arguments: await toolArguments(context, options),
    ...(approval === undefined ? {} : { approval }),
    ...(timeout === undefined ? {} : { timeout_ms: timeout * 1_000 }),
  } as const;
  const view = new JobView(output);
  const submit = () => client.jobs.submit(request);
  const { job: ended, exitCode } = await runOwnJob(context, submit, (event) => view.show(event));
  showEnd(output, ended, { isTextShown: false });
  return exitCode;
}

async function toolArguments(
  { client }: Context,
  { server, tool, arguments: words = [], jsonArgs }: ToolOptions,
): Promise<Record<string, unknown>> {
  if (jsonArgs !== undefined && words.length > 0) {
    throw new CommandError("Give either key=value words or --json-args.");
  }
  if (jsonArgs !== undefined) return readJsonArguments(jsonArgs);
  if (words.length === 0) return {};
  const given = splitWords(words);
  const tools = await client.mcp.tools({ server });
  // A tool that is not there is told by the submission, with the names of those that are.
  const known = tools.find(({ name, tool_name }) => tool_name === tool || name === tool);
  return readArguments(given, known?.parameters ?? null);
}
