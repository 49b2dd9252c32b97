import { webhookEvents, WebhookEvent, type Webhook } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { eventType } from "../reading/event-log.ts";
import type { Keys } from "../keys.ts";
import { pipelineReplies } from "../redis/unavailable.ts";

/** An event that a webhook is told of. */
export interface DueEvent {
  /** Its id in the log. */
  n: number;
  event: WebhookEvent;
}

/**
 * What a job's webhook has to be told of: the end of its log, if it has ended, and calls that wait for an approval. One
 * that has been decided before it could be told is told no more.
 */
export async function dueEvents(
  jobId: string,
  webhook: Webhook,
  { redis, keys }: { redis: Redis; keys: Keys },
): Promise<DueEvent[]> {
  const wanted = new Set(webhookEvents(webhook));
  if (wanted.has("approval.requested")) {
    const log = await redis.lrange(keys.log(jobId), 0, -1);
    const last = dueEvent(log.at(-1) ?? "", log.length);
    const all = [...openApprovals(log), ...(last && last.event !== "approval.requested" ? [last] : [])];
    return all.filter(({ event }) => wanted.has(event));
  }
  const reads = redis.pipeline().llen(keys.log(jobId)).lindex(keys.log(jobId), -1);
  const [length, last] = pipelineReplies(await reads.exec());
  const due = typeof last === "string" ? dueEvent(last, length as number) : null;
  return due && wanted.has(due.event) ? [due] : [];
}

function dueEvent(stored: string, n: number): DueEvent | null {
  const event = stored === "" ? null : WebhookEvent.safeParse(eventType(stored));
  return event?.success ? { n, event: event.data } : null;
}

const REQUESTED = '{"type":"approval.requested"';
const RESOLVED = '{"type":"approval.resolved"';

function openApprovals(log: readonly string[]): DueEvent[] {
  const open = new Map<string, DueEvent>();
  for (const [index, stored] of log.entries()) {
    if (stored.startsWith(REQUESTED)) {
      open.set(callOf(stored), { n: index + 1, event: "approval.requested" });
    } else if (stored.startsWith(RESOLVED)) {
      open.delete(callOf(stored));
    }
  }
  return [...open.values()];
}

function callOf(stored: string): string {
  return (JSON.parse(stored) as { tool_call_id: string }).tool_call_id;
}
