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

/** An option that takes a time in seconds. The command gets it in milliseconds. */
export function seconds(name: string, describe: string) {
  const option = positiveNumber(name, describe);
  const coerce = (value: unknown): number | undefined => {
    const time = option.coerce(value);
    return time === undefined ? undefined : Math.round(time * 1_000);
  };
  return { ...option, coerce } as const;
}
