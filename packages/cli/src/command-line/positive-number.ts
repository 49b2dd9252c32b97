import { CommandError } from "../failure.ts";

/** An option that takes a number above zero. */
export function positiveNumber(name: string, describe: string) {
  const coerce = (value: unknown): number | undefined => {
    if (value === undefined) return undefined;
    const number = Number(value);
    if (Number.isFinite(number) && number > 0) return number;
    throw new CommandError(`--${name} must be a number above zero.`);
  };
  return { type: "string", requiresArg: true, describe, coerce } as const;
}
