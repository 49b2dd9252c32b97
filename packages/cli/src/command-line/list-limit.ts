import { LISTED } from "../commands/listed.ts";
import { positiveNumber } from "./positive-number.ts";

/** `--limit` of every `list`. */
export const listLimit = positiveNumber("limit", `At most this many; default ${LISTED}`);
