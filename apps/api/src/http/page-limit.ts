import { z } from "zod";
import { queryNumber } from "./query-number.ts";

/** `?limit=` of a list: how long a page may be. */
export function pageLimit({ max, standard }: { max: number; standard: number }) {
  const rule = `must be a whole number from 1 to ${max}`;
  return queryNumber(z.int().min(1, rule).max(max, rule).default(standard), rule).describe(
    `At most this many on a page. Default ${standard}.`,
  );
}
