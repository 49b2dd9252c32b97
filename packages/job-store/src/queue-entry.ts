/**
 * A job's entry in its queue. Each generation has one of its own: a job may be retried while BullMQ has not yet dropped
 * the entry of the attempt that ended, and a second entry of one id would be ignored.
 */
export interface QueueEntry {
  jobId: string;
  generation: number;
}

/** BullMQ's id of an entry: the job's own id until it has been retried. */
export function entryId({ jobId, generation }: QueueEntry): string {
  return generation === 0 ? jobId : `${jobId}.${generation}`;
}

/** The entry that has this id in BullMQ. */
export function parseEntryId(id: string): QueueEntry {
  const [jobId = "", generation = "0"] = id.split(".");
  return { jobId, generation: Number(generation) };
}

/** The id of the job whose entry has this id in BullMQ. */
export function jobIdOf(id: string | undefined): string {
  return id?.split(".")[0] ?? "";
}
