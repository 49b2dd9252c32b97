import { isTerminal, isTerminalEvent } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { GoneError } from "./gone-error.ts";
import { endedJob } from "./job-view.ts";
import type { TerminalEvent } from "./terminal-event.ts";
import type { QueuedEvent } from "./queued-event.ts";
import type { Keys } from "../keys.ts";
import { parseRecord, type JobRecord } from "../record.ts";
import { readStored } from "./stored-events.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";
import { isWholeLog } from "./whole-log.ts";

/** An event as readers see it: `json` is the whole public object, `terminal` says that the log ends here. */
export interface LogEvent {
  id: number;
  type: string;
  json: string;
  terminal: boolean;
}

/** Stored events begin with their type, so that it can be read without parsing the rest. */
const TYPE = /^\{"type":"([a-z.]+)"/;

export function eventType(stored: string): string {
  const type = TYPE.exec(stored)?.[1];
  if (!type) throw new Error("A stored event begins with its type");
  return type;
}

/**
 * The public form of a stored event. An event's id is its position, so it is not stored; a terminal event shows
 * the whole job, which its outcome and the first event of the log give, the same at every reading.
 */
export function publicEvent(jobId: string, id: number, stored: string, first: string): LogEvent {
  const type = eventType(stored);
  const terminal = isTerminalEvent(type);
  if (!terminal) return { id, type, terminal, json: `{"id":${id},${shownEvent(type, stored).slice(1)}` };
  const event = JSON.parse(stored) as TerminalEvent;
  const { time, attempt } = event;
  const job = endedJob(jobId, JSON.parse(first) as QueuedEvent, event);
  return { id, type, terminal, json: JSON.stringify({ id, type, time, attempt, job }) };
}

/** The conversation that a job goes on with, what its key may use, and its trace are no part of its request's body. */
function shownEvent(type: string, stored: string): string {
  if (type !== "job.queued" || !/"(previous|tool_access|traceparent)":/.test(stored)) return stored;
  const { previous: _, tool_access: __, traceparent: ___, ...shown } = JSON.parse(stored) as QueuedEvent;
  return JSON.stringify(shown);
}

/** Some of the events of a log, in order. */
interface LogPage {
  events: LogEvent[];
  hasMore: boolean;
  isGone: boolean;
}

/** How long a log is, and whether its job has ended. */
export interface LogHead {
  record: JobRecord;
  length: number;
  ended: boolean;
}

export class EventLog {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Null when there is no such job, or when it is not there whole. */
  async head(jobId: string): Promise<LogHead | null> {
    const log = this.#keys.log(jobId);
    const reads = this.#redis.pipeline().hgetall(this.#keys.record(jobId)).llen(log).lindex(log, 0);
    const [hash, length, first] = pipelineReplies(await reads.exec());
    const record = parseRecord(hash as Record<string, string>);
    if (!record || !isWholeLog(first)) return null;
    return { record, length: length as number, ended: isTerminal(record.status) };
  }

  /** At most `limit` events whose ids come after `after`; fewer where they are large. */
  async read(jobId: string, after: number, limit: number): Promise<LogPage> {
    const { stored, hasMore, isGone } = await readStored(this.#redis, this.#keys.log(jobId), {
      after,
      limit,
    });
    const needsFirst = after > 0 && stored.some((event) => isTerminalEvent(eventType(event)));
    const first = needsFirst ? await this.first(jobId) : (stored[0] ?? "");
    if (after === 0 && first !== "" && !isWholeLog(first))
      return { events: [], hasMore: false, isGone: true };
    const events = stored.map((event, index) => {
      const shown = publicEvent(jobId, after + index + 1, event, first);
      // A terminal event that has a successor is not the end: the job was reopened.
      return { ...shown, terminal: shown.terminal && !hasMore && index === stored.length - 1 };
    });
    return { events, hasMore, isGone };
  }

  /**
   * A page for a reader who knows that the log was there.
   * @throws GoneError when it has expired since.
   */
  async eventsAfter(jobId: string, after: number, limit: number): Promise<LogEvent[]> {
    const { events, isGone } = await this.read(jobId, after, limit);
    if (isGone) throw new GoneError(jobId);
    return events;
  }

  /**
   * The stored form of event 1.
   * @throws GoneError when the log has expired, or is lost.
   */
  async first(jobId: string): Promise<string> {
    const first = await this.#redis.lindex(this.#keys.log(jobId), 0);
    if (!isWholeLog(first)) throw new GoneError(jobId);
    return first;
  }
}
