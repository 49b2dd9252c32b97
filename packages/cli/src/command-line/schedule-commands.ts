import { deleteSchedule, listSchedules, putSchedule, scheduleCommand } from "../commands/schedules.ts";
import type { Act, CommandLine } from "./act.ts";
import { named } from "./named.ts";
import { positiveNumber } from "./positive-number.ts";
import { requiredText, text } from "./word.ts";

const id = named("The schedule's id");

export function addScheduleCommands(line: CommandLine, act: Act): CommandLine {
  return line.command("schedules", "Jobs that are submitted at certain times", (schedules) =>
    schedules
      .demandCommand(1, "Name what is to be done with schedules.")
      .command("list", "All schedules", (command) => command, act(listSchedules))
      .command(
        "show <id>",
        "One schedule",
        (command) => command.positional("id", id),
        act(scheduleCommand("get")),
      )
      .command(
        "put <id>",
        "Make a schedule, or replace it",
        (command) =>
          command
            .positional("id", id)
            .option("cron", text("cron", "Minute, hour, day, month, weekday"))
            .option("time-zone", text("time-zone", "Of --cron; default UTC"))
            .option("every", positiveNumber("every", "Seconds between two runs, in place of --cron"))
            .option("job", requiredText("job", "The job as JSON"))
            .option("paused", {
              type: "boolean",
              describe: "Pause it, or with --no-paused resume it; else it stays as it is",
            })
            .example(
              `$0 schedules put morning --cron "0 6 * * *" --job '{"type":"chat","message":"hello"}'`,
              "",
            ),
        act(putSchedule),
      )
      .command(
        "pause <id>",
        "Let its times pass",
        (command) => command.positional("id", id),
        act(scheduleCommand("pause")),
      )
      .command(
        "resume <id>",
        "Go on",
        (command) => command.positional("id", id),
        act(scheduleCommand("resume")),
      )
      .command("delete <id>", "Delete it", (command) => command.positional("id", id), act(deleteSchedule)),
  );
}
