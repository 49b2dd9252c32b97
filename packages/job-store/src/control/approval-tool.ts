import type { JobStep } from "@millrace/contracts";
import type { Redis } from "ioredis";
import type { Keys } from "../keys.ts";
import { scanEvents } from "../reading/scan-events.ts";
import { approvalField } from "../record.ts";
import type { Answer } from "../redis/answer.ts";

type Requested = Pick<Extract<JobStep, { type: "approval.requested" }>, "type" | "tool_call_id" | "tool">;

const WANTED = { "approval.requested": ["tool_call_id", "tool"] } as const;

/**
 * The tool of a call that an approval was asked for; null when there is no such call. A job that waits for it has asked in
 * its last turn, so its log is read from the end.
 */
export async function approvalTool(
  jobId: string,
  toolCallId: string,
  { redis, keys, answer }: { redis: Redis; keys: Keys; answer: Answer },
): Promise<string | null> {
  const isKnown = await answer(() => redis.hexists(keys.record(jobId), approvalField(toolCallId)));
  if (isKnown === 0) return null;
  const scan = { wanted: WANTED, newestFirst: true, answer };
  for await (const call of scanEvents<Requested>(redis, keys.log(jobId), scan)) {
    if (call.tool_call_id === toolCallId) return call.tool;
  }
  return null;
}
