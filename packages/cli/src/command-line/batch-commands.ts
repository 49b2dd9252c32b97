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
      "Run the jobs of a file, one JSON object on each line, and write their results",
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
            ...text("output", "The file that results are appended to; default stdout"),
          })
          .option(
            "concurrency",
            positiveNumber("concurrency", "How many of its tool jobs, and of its chat jobs, may run at once"),
          )
          .option("restart", {
            type: "boolean",
            default: false,
            describe: "Throw the results away and run everything again",
          })
          .example("$0 batch jobs.ndjson -o results.ndjson", "After Ctrl-C the same command goes on"),
      act(runBatch),
    )
    .command("batches", "List, show and cancel batches", (batches) =>
      batches
        .demandCommand(1, "Say what to do with batches: list, show or cancel.")
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
