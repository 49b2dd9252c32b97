import type { JobRequestInput, Schedule } from "@millrace/contracts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import type { Output } from "../output/output.ts";
import { oneLineJson } from "../output/result-text.ts";

/** `millrace schedules list` */
export async function listSchedules({ client, output }: Context): Promise<number> {
  const schedules: Schedule[] = [];
  for await (const schedule of client.schedules.list()) schedules.push(schedule);
  if (output.json) output.value(schedules);
  else if (schedules.length === 0) output.note("There are no schedules.");
  else {
    const rows = schedules.map((schedule) => [
      schedule.id,
      schedule.cron === null
        ? `every ${(schedule.interval_ms ?? 0) / 1_000} s`
        : `${schedule.cron} ${schedule.time_zone}`,
      schedule.paused ? "paused" : (schedule.next_run_at ?? ""),
      schedule.last_run_at ?? "",
      schedule.last_error?.code ?? schedule.last_job_status ?? "",
      oneLineJson(schedule.job),
    ]);
    output.table(["ID", "WHEN", "NEXT", "LAST", "OUTCOME", "JOB"], rows);
  }
  return EXIT.ok;
}

interface PutScheduleOptions {
  id: string;
  cron?: string | undefined;
  timeZone?: string | undefined;
  /** In milliseconds. */
  every?: number | undefined;
  job: string;
  paused?: boolean | undefined;
}

/** `millrace schedules put` */
export async function putSchedule({ client, output }: Context, options: PutScheduleOptions): Promise<number> {
  const { id, cron, timeZone, every, paused } = options;
  const schedule = await client.schedules.put(id, {
    cron,
    time_zone: timeZone,
    interval_ms: every,
    job: readJob(options.job),
    paused,
  });
  return showSchedule(output, schedule);
}

/** `millrace schedules show`, `pause` and `resume` */
export function scheduleCommand(action: "get" | "pause" | "resume") {
  return async ({ client, output }: Context, { id }: { id: string }): Promise<number> =>
    showSchedule(output, await client.schedules[action](id));
}

/** `millrace schedules delete` */
export async function deleteSchedule({ client, output }: Context, { id }: { id: string }): Promise<number> {
  await client.schedules.delete(id);
  if (!output.json) output.text(`${id} is deleted`);
  return EXIT.ok;
}

function showSchedule(output: Output, schedule: Schedule): number {
  if (output.json) output.value(schedule);
  else output.text(JSON.stringify(schedule, null, 2));
  return EXIT.ok;
}

/** What is in it is judged by the api. */
function readJob(text: string): JobRequestInput {
  try {
    return JSON.parse(text) as JobRequestInput;
  } catch {
    throw new CommandError(`--job must be a job as JSON, such as '{"type":"chat","message":"hello"}'.`);
  }
}
