import { deleteSchedule, listSchedules, putSchedule, scheduleCommand } from "../commands/schedules.ts";
import type { Act, CommandLine } from "./act.ts";
import { named } from "./named.ts";
import { seconds } from "./positive-number.ts";
import { requiredText, text } from "./word.ts";

const id = named("The schedule's id");

export function addScheduleCommands(line: CommandLine, act: Act): CommandLine {
  return line.command("schedules", "Jobs that are submitted at certain times", (schedules) =>
    schedules
      .demandCommand(1, "Say what to do with schedules: list, show, put, pause, resume or delete.")
      .command("list", "All schedules", (command) => command, act(listSchedules))
      .command(
        "show <id>",
        "One schedule",
        (command) => command.positional("id", id),
        act(scheduleCommand("get")),
      )
      .command(
        "put <id>",
        "Create or replace a schedule",
        (command) =>
          command
            .positional("id", id)
            .option("cron", text("cron", "Minute, hour, day, month, weekday"))
            .option("time-zone", text("time-zone", "Time zone of --cron; default UTC"))
            .option("every", seconds("every", "Seconds between two runs, instead of --cron"))
            .option("job", requiredText("job", "The job as JSON"))
            .option("paused", {
              type: "boolean",
              describe: "Pause it; --no-paused resumes it; with neither it stays as it is",
            })
            .example(
              `$0 schedules put morning --cron "0 6 * * *" --job '{"type":"chat","message":"hello"}'`,
              "",
            ),
        act(putSchedule),
      )
      .command(
        "pause <id>",
        "Pause it: times that come meanwhile are left out",
        (command) => command.positional("id", id),
        act(scheduleCommand("pause")),
      )
      .command(
        "resume <id>",
        "Resume it",
        (command) => command.positional("id", id),
        act(scheduleCommand("resume")),
      )
      .command("delete <id>", "Delete it", (command) => command.positional("id", id), act(deleteSchedule)),
  );
}
