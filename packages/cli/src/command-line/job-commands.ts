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
      "Let a tool call run that waits for an approval",
      (command) =>
        command
          .positional("job", id)
          .positional("call", named("The call's id", "the event approval.requested"))
          .option("deny", { type: "boolean", default: false, describe: "Refuse it instead" })
          .option("reason", text("reason", "Told to the model, with --deny"))
          .option("json-args", {
            alias: "arguments",
            ...text("json-args", "Other arguments for the call, as a JSON object"),
          })
          .example("$0 approve JOB CALL", "")
          .example('$0 approve JOB CALL --deny --reason "not that file"', ""),
      act(approveCall),
    );
}

function addSubcommands(jobs: CommandLine, act: Act): CommandLine {
  return jobs
    .demandCommand(1, "Name what is to be done with jobs.")
    .command(
      "list",
      "The newest jobs",
      (command) =>
        command
          .option("status", choice("status", STATUSES, "Only these"))
          .option("type", choice("type", TYPES, "Only these"))
          .option("batch", text("batch", "Only those of this batch"))
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
      "Stop jobs",
      (command) => command.positional("id", { ...ids, demandOption: true }),
      act(cancelJobs),
    )
    .command(
      "retry [id..]",
      "Let failed or cancelled jobs go on",
      (command) =>
        command
          .positional("id", ids)
          .option("from", {
            ...choice("from", ["journal", "start"], "After the steps that are finished, or anew"),
            defaultDescription: "journal",
          })
          .option("status", {
            ...choice("status", ["failed", "cancelled"], "Instead of ids: the newest jobs that are so"),
            defaultDescription: "failed",
          })
          .option("type", choice("type", TYPES, "Instead of ids: only these"))
          .option("batch", text("batch", "Instead of ids: only those of this batch"))
          .option("error-code", text("error-code", "Instead of ids: only those that failed with it"))
          .example("$0 jobs retry --batch BATCH", "")
          .example("$0 jobs retry --type chat --error-code provider_unavailable", ""),
      act(retryJobs),
    );
}
