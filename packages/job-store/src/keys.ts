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
  /** Set: every tenant that has an index. */
  tenants: string;
  /** Sorted set by time: submissions that have not yet been seen to reach their queue. */
  submissions: string;
  /** String with expiry: the job of an idempotency key, by the hash of tenant and key. */
  idempotency(hash: string): string;
  /** Channel: ends of the jobs that one process waits for. */
  ends(processId: string): string;
  /** String with expiry: which worker sweeps. */
  sweepLease: string;
  /** Sorted set by time: jobs that fail when no worker has started them by then. */
  queueDeadlines: string;
  /** String with expiry: until when nobody asks a model provider, in milliseconds since 1970. */
  coolDown(provider: string): string;
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
    coolDown: (provider) => `${prefix}:{cool-down}:${provider}`,
    control: `${prefix}:control`,
    sweepLease: `${prefix}:{sweep}`,
    workers: `${prefix}:{fleet}`,
    worker: (workerId) => `${prefix}:{fleet}:${workerId}`,
    catalogue: (workerId) => `${prefix}:{fleet}:${workerId}:catalogue`,
    fleet: `${prefix}:fleet`,
    fleetReplies: (processId) => `${prefix}:fleet-replies:${processId}`,
    fleetAnswer: (requestId, workerId) => `${prefix}:{fleet-answer}:${requestId}:${workerId}`,
    queuePrefix: (kind) => `{${prefix}:${kind}}`,
  };
}
