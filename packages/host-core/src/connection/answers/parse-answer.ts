import { z } from "zod";
import { RequestRejectedError } from "../connection.ts";
import { INTERNAL_ERROR } from "../wire/json-rpc.ts";

/** @throws RequestRejectedError when `answer` is no `what`. */
export function parseAnswer<Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  what: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const reason = z.prettifyError(parsed.error);
  throw new RequestRejectedError(INTERNAL_ERROR, `the answer is no ${what}: ${reason}`);
}
