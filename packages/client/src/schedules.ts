import type { JobRequestInput, Schedule, SchedulePage, ScheduleRequest } from "@millrace/contracts";
import type { Connection } from "./http/connection.ts";
import { path } from "./http/path.ts";
import type { SignalOption } from "./http/signal-option.ts";

/** When a job is submitted (`cron` with `time_zone`, or `interval_ms`), and which. */
export type ScheduleInput = Omit<ScheduleRequest, "job"> & { job: JobRequestInput };

/** `client.schedules` */
export class Schedules {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Makes a schedule, or replaces the one of this id.
   *
   * @example
   * ```ts
   * await client.schedules.put("morning", {
   *   cron: "0 6 * * 1-5", time_zone: "Europe/Berlin", job: { type: "chat", message: "Summarize welcome.txt" },
   * });
   * ```
   */
  async put(id: string, schedule: ScheduleInput, { signal }: SignalOption = {}): Promise<Schedule> {
    return await this.#connection.read(path`/schedules/${id}`, { method: "PUT", json: schedule, signal });
  }

  /** @throws MillraceError `schedule_not_found` */
  async get(id: string, { signal }: SignalOption = {}): Promise<Schedule> {
    return await this.#connection.read(path`/schedules/${id}`, { signal });
  }

  /** All schedules of this key, in the order of their ids, read page by page. */
  async *list({ signal }: SignalOption = {}): AsyncGenerator<Schedule, void, undefined> {
    let cursor: string | undefined;
    do {
      const page: SchedulePage = await this.#connection.read("/schedules", { query: { cursor }, signal });
      yield* page.schedules;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Deletes it; jobs that it has submitted go on. */
  async delete(id: string, { signal }: SignalOption = {}): Promise<void> {
    await this.#connection.send(path`/schedules/${id}`, { method: "DELETE", signal });
  }

  /** Until it is resumed, no time of it counts. */
  async pause(id: string, { signal }: SignalOption = {}): Promise<Schedule> {
    const options = { method: "POST", repeatable: true, signal } as const;
    return await this.#connection.read(path`/schedules/${id}/pause`, options);
  }

  /** From now on its times count again. */
  async resume(id: string, { signal }: SignalOption = {}): Promise<Schedule> {
    const options = { method: "POST", repeatable: true, signal } as const;
    return await this.#connection.read(path`/schedules/${id}/resume`, options);
  }
}
