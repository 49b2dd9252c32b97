import { webhookEvents, WebhookEvent, type Webhook } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { eventType } from "../reading/event-log.ts";
import { storedEvents } from "../reading/stored-events.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/pipeline-replies.ts";

/** An event that a webhook is told of. */
export interface DueEvent {
  /** Its id in the log. */
  n: number;
  event: WebhookEvent;
}

interface LogOfJob {
  redis: Redis;
  keys: Keys;
}

/**
 * The events of which a job's webhook is told, already or not yet: its ends, also one after which it was retried, and
 * calls that wait for an approval. One that has been decided before it could be told is told no more.
 */
export async function dueEvents(jobId: string, webhook: Webhook, source: LogOfJob): Promise<DueEvent[]> {
  const wanted = new Set(webhookEvents(webhook));
  let n = wanted.has("approval.requested") ? 0 : await idBeforeEnds(jobId, source);
  const ends: DueEvent[] = [];
  const open = new Map<string, DueEvent>();
  for await (const stored of storedEvents(source.redis, source.keys.log(jobId), n)) {
    n += 1;
    const type = eventType(stored);
    const event = WebhookEvent.safeParse(type);
    if (type === "approval.resolved") open.delete(callOf(stored));
    else if (event.data === "approval.requested") open.set(callOf(stored), { n, event: event.data });
    else if (event.success) ends.push({ n, event: event.data });
  }
  return [...open.values(), ...ends].filter(({ event }) => wanted.has(event));
}

/** All ends of the job come after this id. One that was never reopened ends with its log. */
async function idBeforeEnds(jobId: string, { redis, keys }: LogOfJob): Promise<number> {
  const reads = redis.pipeline().llen(keys.log(jobId)).hget(keys.record(jobId), "generation");
  const [length, generation] = pipelineReplies(await reads.exec());
  return generation === "0" ? Math.max(0, Number(length) - 1) : 0;
}

function callOf(stored: string): string {
  return (JSON.parse(stored) as { tool_call_id: string }).tool_call_id;
}
