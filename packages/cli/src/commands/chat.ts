import { text } from "node:stream/consumers";
import type { ApprovalPolicy } from "@millrace/contracts";
import type { Context } from "../context.ts";
import { CommandError } from "../failure.ts";
import { runOwnJob } from "../follow-job.ts";
import { JobView, showEnd } from "../output/job-view.ts";

interface ChatOptions {
  message?: string[] | undefined;
  model?: string | undefined;
  system?: string | undefined;
  server?: string[] | undefined;
  tools: boolean;
  approval?: ApprovalPolicy | undefined;
  maxTurns?: number | undefined;
  continue?: string | undefined;
  /** In milliseconds. */
  timeout?: number | undefined;
}

/** `millrace chat`: one chat job, shown as it goes. */
export async function runChat(context: Context, options: ChatOptions): Promise<number> {
  const { output } = context;
  const message = await readMessage(options.message ?? []);
  const view = new JobView(output);
  const submit = async () => {
    const chat = await context.client.chat(message, chatFields(options));
    // For --continue, or to look at it later.
    output.note(chat.id);
    return chat;
  };
  const { job, exitCode } = await runOwnJob(context, submit, (event) => view.show(event));
  showEnd(output, job, { isTextShown: output.isLive });
  return exitCode;
}

async function readMessage(words: readonly string[]): Promise<string> {
  const given = words.join(" ").trim();
  // A lone dash, which means stdin, arrives as an empty word.
  const message = given === "" && !process.stdin.isTTY ? (await text(process.stdin)).trim() : given;
  if (message !== "") return message;
  throw new CommandError('Write a message, such as millrace chat "What does welcome.txt say?"');
}

function chatFields({
  model,
  system,
  server,
  tools,
  approval,
  maxTurns,
  continue: previous,
  timeout,
}: ChatOptions) {
  return {
    model,
    system,
    mcp_servers: server,
    enable_mcp: tools ? undefined : false,
    approval,
    max_tool_iterations: maxTurns,
    previous_job_id: previous,
    timeout_ms: timeout,
  };
}
