import type { JobType } from "@millrace/contracts";

/** The line of one key and kind. */
export interface LineName {
  tenant: string;
  type: JobType;
}

/** A string that tells lines apart in the memory of a process. */
export function lineId({ tenant, type }: LineName): string {
  return `${type}:${tenant}`;
}
