import type { Context } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { readJsonArguments } from "../tool-arguments.ts";

interface ApproveOptions {
  job: string;
  call: string;
  deny: boolean;
  reason?: string | undefined;
  jsonArgs?: string | undefined;
}

/** `millrace approve` */
export async function approveCall({ client, output }: Context, options: ApproveOptions): Promise<number> {
  const { job: jobId, call, deny, reason, jsonArgs } = options;
  if (deny && jsonArgs !== undefined) throw new CommandError("--json-args cannot be used with --deny.");
  if (!deny && reason !== undefined) throw new CommandError("--reason can only be used with --deny.");
  const edited = jsonArgs === undefined ? undefined : readJsonArguments(jsonArgs);
  const job = deny
    ? await client.jobs.deny(jobId, call, { reason })
    : await client.jobs.approve(jobId, call, { arguments: edited });
  if (output.json) output.value(job);
  else output.text(`${call} is ${deny ? "denied" : "approved"}`);
  return EXIT.ok;
}
