import type { ChatBench } from "../chat/chat-bench.ts";
import type { BatchSizes } from "./batch-sizes.ts";

/** What each measurement of batches is given. */
export interface BatchBench extends Omit<ChatBench, "sizes"> {
  readonly sizes: BatchSizes;
}
