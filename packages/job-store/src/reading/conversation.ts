import {
  ConversationLog,
  requestConversation,
  type ChatJobRequest,
  type ConversationMessage,
  type JobStep,
} from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Answer } from "../redis/answer.ts";
import { eventType } from "./event-log.ts";
import { readStored } from "./stored-events.ts";

/** A conversation with which another job can go on, and its size as JSON. */
export interface Conversation {
  messages: ConversationMessage[];
  bytes: number;
}

/** How many events are asked for at once. */
const PAGE_LENGTH = 500;

const STEPS: ReadonlySet<string> = new Set<JobStep["type"]>([
  "turn.finished",
  "tool.called",
  "tool.postponed",
  "tool.returned",
  "job.reopened",
]);

/**
 * The conversation of a chat job that has ended. Holds one page of its log and what a model sees of the rest, however
 * large the results of its tools are. Null when its retention has ended meanwhile.
 * @throws StoreUnavailableError when Redis does not answer for a page in time.
 */
export async function readConversation(
  log: string,
  { request, previous = [] }: { request: ChatJobRequest; previous?: readonly ConversationMessage[] },
  { redis, answer, maxBytes }: { redis: Redis; answer: Answer; maxBytes: number },
): Promise<Conversation | "too_large" | null> {
  const begin = () => new ConversationLog([...previous, ...requestConversation(request)]);
  // Null once it is too large, until the job begins anew.
  let conversation: ConversationLog | null = begin();
  let added = 0;
  for (let after = 1, hasMore = true; hasMore;) {
    const page = await answer(() => readStored(redis, log, { after, limit: PAGE_LENGTH }));
    if (page.isGone) return null;
    for (const stored of page.stored) {
      if (!STEPS.has(eventType(stored))) continue;
      const step = JSON.parse(stored) as JobStep;
      if (step.type === "job.reopened" && step.from === "start") {
        conversation = begin();
        added = 0;
      }
      const part = conversation?.add(step);
      if (part) added += bytesOf(part);
      if (added > maxBytes) conversation = null;
    }
    after += page.stored.length;
    hasMore = page.hasMore;
  }
  if (!conversation) return "too_large";
  const messages = conversation.closed;
  const bytes = bytesOf(messages);
  return bytes > maxBytes ? "too_large" : { messages, bytes };
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
