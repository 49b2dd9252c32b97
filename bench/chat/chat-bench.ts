import type { Bench } from "../bench.ts";
import type { ChatSizes } from "./chat-sizes.ts";

/** What each of the chat measurements is given. */
export interface ChatBench extends Bench {
  readonly sizes: ChatSizes;
}
