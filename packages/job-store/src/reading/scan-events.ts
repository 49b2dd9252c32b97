import type { Redis } from "ioredis";
import type { Answer } from "../redis/answer.ts";
import { leadingMembers } from "./leading-members.ts";

/** How many bytes of an event are read at first; only names that are longer than most need more. */
const BEGINNING_BYTES = 1_024;
/** How many bytes and events Redis looks at in one go: others wait for it meanwhile. */
const BYTES_AT_ONCE = 4 * 1_024 * 1_024;
const EVENTS_AT_ONCE = 1_000;
/** Beyond the end of every log. */
const AFTER_LAST = Number.MAX_SAFE_INTEGER;
const DONE = -1;

/** The members that are wanted of each type of event. */
type WantedMembers<Event extends { type: string }> = {
  readonly [Type in Event["type"]]: readonly Exclude<keyof Extract<Event, { type: Type }>, "type">[];
};

export interface ScanOptions<Event extends { type: string }> {
  wanted: WantedMembers<Event>;
  /** By default oldest first. */
  newestFirst?: boolean;
  /** Is asked for each part of the log: there may be many. */
  answer: Answer;
}

/**
 * Some members of a log's events, without those that may be long: results and arguments of calls are not read as long
 * as the wanted members stand before them. Nothing when there is no such log.
 */
export async function* scanEvents<Event extends { type: string }>(
  redis: Redis,
  log: string,
  { wanted, newestFirst = false, answer }: ScanOptions<Event>,
): AsyncGenerator<Event, void, undefined> {
  const direction = newestFirst ? -1 : 1;
  const bounds = [direction, BEGINNING_BYTES, BYTES_AT_ONCE, EVENTS_AT_ONCE, ...Object.keys(wanted)];
  let index = newestFirst ? AFTER_LAST : 0;
  while (index !== DONE) {
    const [next, ...found] = await answer(() => redis.millraceScanLog(log, index, ...bounds));
    for (let position = 0; position < found.length; position += 2) {
      let members = leadingMembers(found[position + 1] as string);
      const names: readonly PropertyKey[] = wanted[members["type"] as Event["type"]];
      if (!names.every((name) => name in members)) {
        const whole = await answer(() => redis.lindex(log, found[position] as number));
        if (whole === null) return;
        members = JSON.parse(whole) as typeof members;
      }
      yield pick(members, ["type", ...names]) as Event;
    }
    index = next;
  }
}

function pick(members: Readonly<Record<PropertyKey, unknown>>, names: readonly PropertyKey[]): object {
  return Object.fromEntries(names.map((name) => [name, members[name]]));
}
