/**
 * Every Redis key and channel, in one place. A job's keys share its own hash tag, so that one script may
 * touch them all and the jobs spread over a Cluster's shards; everything else has a tag of its own.
 */
export interface Keys {
  /** Hash: the state of a job. Every value is at most 64 bytes, so that it stays a compact listpack. */
  record(jobId: string): string;
  /** List: the events of a job; an event's id is its position, counted from 1. */
  log(jobId: string): string;
  /** Channel: new events of a job. */
  events(jobId: string): string;
  /** Sorted set by name: the job ids of one tenant, whose order is their age. */
  index(tenant: string): string;
  /** Set: every tenant that has jobs or batches. */
  tenants: string;
  /** Sorted set by time: submissions that have not yet been seen to reach their queue. */
  submissions: string;
  /** String with expiry: the job of an idempotency key, by the hash of tenant and key. */
  idempotency(hash: string): string;
  /** Channel: ends of the jobs that one process waits for. */
  ends(processId: string): string;
  /** Hash: how many jobs have ended, by kind and outcome, and how long they took. */
  finished: string;
  /** Channel: the API keys are to be read again. */
  keyReloads: string;
  /** Prefix of strings with expiry: requests of each tenant in the current second. */
  requestRates: string;
  /** String with expiry: which worker sweeps. */
  sweepLease: string;
  /** Sorted set by time: jobs that fail when no worker has started them by then. */
  queueDeadlines: string;
  /** Hash: the webhook deliveries of a job; expires with it. */
  deliveries(jobId: string): string;
  /** Sorted set by time: jobs whose webhooks may have something to tell. */
  webhooks: string;
  /** Hash: the schedules of one tenant, by id. */
  schedules(tenant: string): string;
  /** Hash: the last run of each of them. */
  scheduleRuns(tenant: string): string;
  /** Set: every tenant that has a schedule. */
  scheduleTenants: string;
  /** Sorted set by time: changes of schedules that have not yet been seen to reach BullMQ. */
  scheduleChanges: string;
  /** String with expiry: until when nobody asks a model provider, in milliseconds since 1970. */
  coolDown(provider: string): string;
  /**
   * What is kept of a batch, all in its own slot. `record` is a hash, `hashes` and `states` are strings with a piece
   * for each line, `ended` is a list of lines, `rejections` and `generations` are hashes by line. See
   * `scripts/batch-settle.lua`.
   */
  batch(
    batchId: string,
  ): Record<"record" | "hashes" | "states" | "ended" | "rejections" | "generations", string>;
  /** Channel: a batch has changed. */
  batchEvents(batchId: string): string;
  /** String with expiry: who cancels a batch's jobs. */
  batchCancelling(batchId: string): string;
  /** Sorted set by name: the batch ids of one tenant, whose order is their age. */
  batchIndex(tenant: string): string;
  /** Sorted set by time: when each batch that exists is to be looked at, as `ID TENANT`. */
  batches: string;
  /** Channel: what is asked of the workers. */
  control: string;
  /** Set: ids of the workers that have registered. */
  workers: string;
  /** String with expiry: one worker's heartbeat. */
  worker(workerId: string): string;
  /** String with expiry: what one worker reports of its MCP servers. */
  catalogue(workerId: string): string;
  /** Channel: the fleet has changed. */
  fleet: string;
  /** Channel: answers to the requests of one process have been stored. */
  fleetReplies(processId: string): string;
  /** String with expiry: one worker's answer to a request. */
  fleetAnswer(requestId: string, workerId: string): string;
  /**
   * The jobs of one tenant and kind, all in one slot: those that wait for their admission, and what belongs to them. See
   * `scripts/line.lua`, which also has one key for each gate.
   */
  line(type: string, tenant: string): Record<"line" | "admitted" | "state" | "later" | "gates", string>;
  /** Prefix of one kind's BullMQ queue. */
  queuePrefix(kind: string): string;
}

/** `prefix` separates installations that share one Redis. */
export function createKeys(prefix: string): Keys {
  return {
    record: (jobId) => `${prefix}:{${jobId}}`,
    log: (jobId) => `${prefix}:{${jobId}}:log`,
    events: (jobId) => `${prefix}:{${jobId}}:events`,
    index: (tenant) => `${prefix}:{index}:${tenant}`,
    tenants: `${prefix}:{index}`,
    submissions: `${prefix}:{submissions}`,
    idempotency: (hash) => `${prefix}:idempotency:{${hash}}`,
    ends: (processId) => `${prefix}:ends:${processId}`,
    queueDeadlines: `${prefix}:{queue-deadlines}`,
    deliveries: (jobId) => `${prefix}:{${jobId}}:deliveries`,
    webhooks: `${prefix}:{webhooks}`,
    schedules: (tenant) => `${prefix}:{schedules}:${tenant}`,
    // No tenant's name has a colon.
    scheduleTenants: `${prefix}:{schedules}::tenants`,
    scheduleRuns: (tenant) => `${prefix}:{schedules}:${tenant}:runs`,
    scheduleChanges: `${prefix}:{schedules}`,
    coolDown: (provider) => `${prefix}:{cool-down}:${provider}`,
    finished: `${prefix}:finished`,
    keyReloads: `${prefix}:key-reloads`,
    requestRates: `${prefix}:requests`,
    batch: (batchId) => {
      const record = `${prefix}:{${batchId}}`;
      const part = (name: string): string => `${record}:${name}`;
      return {
        record,
        hashes: part("hashes"),
        states: part("states"),
        ended: part("ended"),
        rejections: part("rejections"),
        generations: part("generations"),
      };
    },
    batchEvents: (batchId) => `${prefix}:{${batchId}}:events`,
    batchCancelling: (batchId) => `${prefix}:{${batchId}}:cancelling`,
    batchIndex: (tenant) => `${prefix}:{batches}:${tenant}`,
    batches: `${prefix}:{batches}`,
    control: `${prefix}:control`,
    sweepLease: `${prefix}:{sweep}`,
    workers: `${prefix}:{fleet}`,
    worker: (workerId) => `${prefix}:{fleet}:${workerId}`,
    catalogue: (workerId) => `${prefix}:{fleet}:${workerId}:catalogue`,
    fleet: `${prefix}:fleet`,
    fleetReplies: (processId) => `${prefix}:fleet-replies:${processId}`,
    fleetAnswer: (requestId, workerId) => `${prefix}:{fleet-answer}:${requestId}:${workerId}`,
    line: (type, tenant) => {
      const line = `${prefix}:{line:${type}:${tenant}}`;
      const part = (name: string): string => `${line}:${name}`;
      return {
        line,
        admitted: part("admitted"),
        state: part("state"),
        later: part("later"),
        gates: part("gates"),
      };
    },
    queuePrefix: (kind) => `{${prefix}:${kind}}`,
  };
}
