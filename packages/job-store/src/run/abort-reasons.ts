/** Somebody wants the job stopped. */
export class JobCancelled extends Error {
  override name = "JobCancelled";
}

/** The job's own deadline has passed. */
export class JobTimeout extends Error {
  override name = "JobTimeout";
}

/** The run is no longer ours to finish: its lock is lost, a newer run exists, or the process ends. */
export class RunAbandoned extends Error {
  override name = "RunAbandoned";
}

/** This worker shuts down, and another one is to go on. */
export class HandedOver extends RunAbandoned {
  override name = "HandedOver";

  constructor() {
    super("the worker shuts down");
  }
}
