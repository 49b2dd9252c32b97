import { KEY_NAME, scheduleLink, type Schedule } from "@millrace/contracts";
import { EVERY_TENANT } from "@millrace/job-store";
import { z } from "zod";
import type { Principal } from "../access/principal.ts";
import { ProblemError } from "../http/problem.ts";

export const OwnerQuery = z.strictObject({
  key: z
    .string()
    .regex(KEY_NAME, "must be the name of a key")
    .optional()
    .describe("The name of the key whose schedules are meant, instead of your own; needs the scope `admin`."),
});
export type OwnerQuery = z.infer<typeof OwnerQuery>;

/** Whose schedules a request means: ids are each key's own. */
export function ownerOf({ tenant, viewer }: Principal, { key = tenant }: OwnerQuery): string {
  if (key === tenant || viewer === EVERY_TENANT) return key;
  throw new ProblemError("scope_missing", {
    detail: `Another key's schedules need a key with the scope "admin". Leave ?key= out for those of "${tenant}".`,
  });
}

/** A schedule with links that work for who asks. */
export function linkedFor({ tenant }: Principal, schedule: Schedule): Schedule {
  if (schedule.key === tenant) return schedule;
  const self = `${scheduleLink(schedule.id)}?key=${schedule.key}`;
  return { ...schedule, links: { ...schedule.links, self } };
}
