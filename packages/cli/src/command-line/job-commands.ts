import { approveCall } from "../commands/approve.ts";
import { cancelJobs, listJobs, retryJobs, showJob, watchJob } from "../commands/jobs.ts";
import type { Act, CommandLine } from "./act.ts";
import { listLimit } from "./list-limit.ts";
import { named, namedList } from "./named.ts";
import { choice, text } from "./word.ts";

const id = named("The job's id");
const ids = namedList("A job's id");
const STATUSES = ["queued", "running", "parked", "completed", "failed", "cancelled"] as const;
const TYPES = ["tool", "chat"] as const;

export function addJobCommands(line: CommandLine, act: Act): CommandLine {
  return line
    .command("jobs", "List, show, watch, cancel and retry jobs", (jobs) => addSubcommands(jobs, act))
    .command(
      "approve <job> <call>",
      "Approve or deny a tool call that waits for it",
      (command) =>
        command
          .positional("job", id)
          .positional("call", named("The call's id", "the event approval.requested"))
          .option("deny", { type: "boolean", default: false, describe: "Deny the call instead" })
          .option("reason", text("reason", "With --deny: the reason, which the model is told"))
          .option("json-args", {
            alias: "arguments",
            ...text("json-args", "Run the call with these arguments instead, a JSON object"),
          })
          .example("$0 approve JOB CALL", "")
          .example('$0 approve JOB CALL --deny --reason "not that file"', ""),
      act(approveCall),
    );
}

function addSubcommands(jobs: CommandLine, act: Act): CommandLine {
  return jobs
    .demandCommand(1, "Say what to do with jobs: list, show, watch, cancel or retry.")
    .command(
      "list",
      "The newest jobs",
      (command) =>
        command
          .option("status", choice("status", STATUSES, "Only jobs with this status"))
          .option("type", choice("type", TYPES, "Only jobs of this type"))
          .option("batch", text("batch", "Only jobs of this batch"))
          .option("limit", listLimit),
      act(listJobs),
    )
    .command("show <id>", "Everything about one job", (command) => command.positional("id", id), act(showJob))
    .command(
      "watch <id>",
      "A job's events from its start to its end; --json prints each",
      (command) => command.positional("id", id),
      act(watchJob),
    )
    .command(
      "cancel <id..>",
      "Cancel jobs",
      (command) => command.positional("id", { ...ids, demandOption: true }),
      act(cancelJobs),
    )
    .command(
      "retry [id..]",
      "Retry failed or cancelled jobs",
      (command) =>
        command
          .positional("id", ids)
          .option("from", {
            ...choice(
              "from",
              ["journal", "start"],
              "journal: after the finished steps; start: from the beginning",
            ),
            defaultDescription: "journal",
          })
          .option("status", {
            ...choice("status", ["failed", "cancelled"], "Instead of ids: the newest jobs with this status"),
            defaultDescription: "failed",
          })
          .option("type", choice("type", TYPES, "Instead of ids: only jobs of this type"))
          .option("batch", text("batch", "Instead of ids: only jobs of this batch"))
          .option("error-code", text("error-code", "Instead of ids: only jobs that failed with this code"))
          .example("$0 jobs retry --batch BATCH", "")
          .example("$0 jobs retry --type chat --error-code provider_unavailable", ""),
      act(retryJobs),
    );
}
