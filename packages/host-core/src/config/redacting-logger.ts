import type { Logger } from "../logger.ts";
import { redact } from "./secrets.ts";

/** How much of a text is logged, in characters. */
const TEXT_LENGTH_MAX = 2_000;
/** How much is searched for secrets: one that the cut goes through lies far behind what is logged. */
const SEARCHED_LENGTH_MAX = 20_000;

/** A logger that hides secrets in the texts among its fields, before it cuts those that are long. */
export function redactingLogger(logger: Logger, secrets: readonly string[]): Logger {
  const hide = (value: unknown): unknown =>
    typeof value === "string"
      ? redact(value.slice(0, SEARCHED_LENGTH_MAX), secrets).slice(0, TEXT_LENGTH_MAX)
      : value;
  const hideAll = (fields: object) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, hide(value)]));
  return {
    debug: (fields, message) => logger.debug(hideAll(fields), message),
    info: (fields, message) => logger.info(hideAll(fields), message),
    warn: (fields, message) => logger.warn(hideAll(fields), message),
    error: (fields, message) => logger.error(hideAll(fields), message),
  };
}
