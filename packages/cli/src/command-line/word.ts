import { CommandError } from "../failure.ts";

/** The settings of an option that takes one word. */
export function text(name: string, describe: string) {
  return { type: "string", requiresArg: true, describe, coerce: optional(name) } as const;
}

/** Of one that must be given. */
export function requiredText(name: string, describe: string) {
  const coerce = (given: unknown): string => checkOnce(given, name);
  return { type: "string", requiresArg: true, demandOption: true, describe, coerce } as const;
}

/** Of one that takes one of several words. */
export function choice<const Word extends string>(name: string, choices: readonly Word[], describe: string) {
  // Whether it is one of them is checked after this.
  const coerce = optional(name) as (given: unknown) => Word | undefined;
  return { choices, requiresArg: true, describe, coerce } as const;
}

/** Of one that may be repeated. */
export function texts(name: string, describe: string) {
  const coerce = (given: unknown[] | undefined): string[] | undefined =>
    given?.map((each) => checkWord(each, `--${name}`));
  return { type: "string", array: true, nargs: 1, describe, coerce } as const;
}

/** @throws CommandError when it is empty, or no word at all, as after `--no-…`. */
export function checkWord(given: unknown, what: string): string {
  if (typeof given !== "string") throw new CommandError(`${what} must be one word.`);
  if (given === "") throw new CommandError(`${what} is empty: is a variable not set?`);
  return given;
}

function optional(name: string) {
  return (given: unknown): string | undefined => (given === undefined ? undefined : checkOnce(given, name));
}

function checkOnce(given: unknown, name: string): string {
  if (Array.isArray(given)) throw new CommandError(`--${name} may be given once.`);
  return checkWord(given, `--${name}`);
}
