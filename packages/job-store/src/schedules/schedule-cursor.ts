import { KEY_NAME, ScheduleId, type Schedule } from "@millrace/contracts";

/** Where a page of schedules begins: after this one. */
export interface ScheduleCursor {
  tenant: string;
  id: string;
}

/** Neither a tenant's name nor a schedule's id has a slash. */
export function formatScheduleCursor({ key, id }: Pick<Schedule, "key" | "id">): string {
  return `${key}/${id}`;
}

/** Whether the text can be a page's `next_cursor`. */
export function isScheduleCursor(text: string): boolean {
  const [tenant = "", id, ...more] = text.split("/");
  return KEY_NAME.test(tenant) && ScheduleId.safeParse(id).success && more.length === 0;
}

export function parseScheduleCursor(text: string): ScheduleCursor {
  const [tenant = "", id = ""] = text.split("/");
  return { tenant, id };
}
