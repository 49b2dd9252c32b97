import { isDeepStrictEqual } from "node:util";
import type { JobEvent } from "@millrace/contracts";
import type { Observation } from "../client/observe-job.ts";
import type { Violation } from "../violation.ts";

/** A reader, however often it had to come back, has seen the whole log once and in order. */
export function checkStream({ jobIds, events, stream }: Observation): Violation[] {
  if (!stream || !events) return [];
  const complaint = stream.complaint ?? difference(stream.events, events);
  if (complaint === null) return [];
  return [
    {
      kind: "stream",
      detail: `${jobIds.values().next().value}, after ${stream.reconnects} reconnects: ${complaint}`,
    },
  ];
}

type Seen = NonNullable<Observation["stream"]>["events"];

function difference(seen: Seen, events: readonly JobEvent[]): string | null {
  const ids = seen.map(({ id }) => id);
  const stored = events.map(({ id }) => id);
  if (!isDeepStrictEqual(ids, stored)) {
    return `its reader saw the ids ${ids.join(", ")} of a log that has ${stored.join(", ")}`;
  }
  const other = seen.findIndex(({ data }, index) => !isDeepStrictEqual(JSON.parse(data), events[index]));
  return other < 0 ? null : `its reader saw event ${ids[other]} as ${seen[other]?.data}`;
}
