import { z } from "zod";
import { RequestRejectedError } from "../connection.ts";

/** JSON-RPC 2.0, "Error object". */
const INTERNAL_ERROR = -32_603;

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
