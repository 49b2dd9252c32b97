import type { Figure } from "../figure.ts";
import { measureAtOnce } from "./at-once.ts";
import type { ChatBench } from "./chat-bench.ts";
import { measureIdleStreams } from "./idle-streams.ts";
import { measureSpeaking } from "./speaking.ts";
import { measureTurns } from "./turns.ts";
import { measureWorkerStart } from "./worker-start.ts";

/** Every figure of chat jobs and streams. Each is measured on processes of its own. */
export async function measureChat(bench: ChatBench): Promise<Figure[]> {
  return [
    ...(await measureTurns(bench)),
    ...(await measureAtOnce(bench)),
    ...(await measureSpeaking(bench)),
    ...(await measureIdleStreams(bench)),
    ...(await measureWorkerStart(bench)),
  ];
}
