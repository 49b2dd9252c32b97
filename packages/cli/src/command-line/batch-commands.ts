import { runBatch } from "../commands/batch.ts";
import { cancelBatch, listBatches, showBatch } from "../commands/batches.ts";
import type { Act, CommandLine } from "./act.ts";
import { listLimit } from "./list-limit.ts";
import { named } from "./named.ts";
import { positiveNumber } from "./positive-number.ts";
import { checkWord, text } from "./word.ts";

const id = named("The batch's id");

export function addBatchCommands(line: CommandLine, act: Act): CommandLine {
  return line
    .command(
      "batch <file>",
      "Run every job of a file, one as JSON on each line, and write the results",
      (command) =>
        command
          .positional("file", {
            type: "string",
            demandOption: true,
            describe: "NDJSON; - reads stdin",
            coerce: (file: unknown) => checkWord(file, "The file's name"),
          })
          // A lone dash would else arrive as an empty word.
          .nargs("file", 1)
          .option("output", {
            alias: "o",
            ...text("output", "Where results are appended; without it stdout"),
          })
          .option("concurrency", positiveNumber("concurrency", "So many of its jobs at once"))
          .option("restart", {
            type: "boolean",
            default: false,
            describe: "Run it again and write the results anew",
          })
          .example("$0 batch jobs.ndjson -o results.ndjson", "The same again goes on after Ctrl-C"),
      act(runBatch),
    )
    .command("batches", "List, show and cancel batches", (batches) =>
      batches
        .demandCommand(1, "Name what is to be done with batches.")
        .command(
          "list",
          "The newest batches",
          (command) => command.option("limit", listLimit),
          act(listBatches),
        )
        .command(
          "show <id>",
          "One batch, with its rejected lines",
          (command) => command.positional("id", id),
          act(showBatch),
        )
        .command(
          "cancel <id>",
          "Stop all jobs of a batch",
          (command) => command.positional("id", id),
          act(cancelBatch),
        ),
    );
}
