import { z } from "zod";

/** `?limit=` of a list: how long a page may be. */
export function pageLimit({ max, standard }: { max: number; standard: number }) {
  const rule = `must be a whole number from 1 to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((length) => length >= 1 && length <= max, rule)
    .default(standard);
}
