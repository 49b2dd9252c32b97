import { CommandError } from "../failure.ts";
import { checkWord } from "./word.ts";

/** A word that names a thing of the api: `what` is such as "The job's id", `where` says what is there. */
export function named(what: string, where?: string) {
  const describe = where === undefined ? what : `${what}: see ${where}`;
  const coerce = (name: unknown): string => checkName(name, what);
  return { type: "string", demandOption: true, describe, coerce } as const;
}

/** Any number of such words. */
export function namedList(what: string) {
  const coerce = (names: unknown[]): string[] => names.map((name) => checkName(name, what));
  return { type: "string", array: true, describe: what, coerce } as const;
}

/** One that may be left out. */
export function namedOrNone(what: string) {
  const coerce = (name: unknown): string | undefined =>
    name === undefined ? undefined : checkName(name, what);
  return { type: "string", describe: what, coerce } as const;
}

/** These two are no part of a URL's path. */
function checkName(given: unknown, what: string): string {
  const name = checkWord(given, what);
  if (name === "." || name === "..") throw new CommandError(`${what} cannot be "${name}".`);
  return name;
}
