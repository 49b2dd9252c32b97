import { z } from "zod";

const milliseconds = z.int().min(0).max(3_600_000);

/**
 * Deltas are pieces of thinking, text and inputs of tool calls; an answer that is not streamed is one. Where there are
 * fewer, what is asked for happens after the last.
 */
const afterDeltas = z.int().min(0).optional();

/** One answer of the scripted model, whatever the wire format. Without any field it is an empty end of turn. */
export const ScriptedAnswer = z.strictObject({
  thinking: z.string().optional(),
  text: z
    .string()
    .optional()
    .describe(
      "`{{last}}` becomes the text of the last message, tool results included; `{{asked}}`, here and in `input`, that of the last message of a human.",
    ),
  tool_calls: z
    .array(
      z.strictObject({
        name: z.string(),
        input: z.record(z.string(), z.unknown()).default({}),
        id: z
          .string()
          .optional()
          .describe("Default: one that no other call has. May be empty, as some servers do."),
        raw_input: z.string().optional().describe("Sent in place of the JSON of `input`; need not be JSON."),
      }),
    )
    .default([]),
  stop_reason: z
    .enum(["end_turn", "tool_use", "max_tokens", "refusal"])
    .optional()
    .describe("Default: tool_use with tool calls, else end_turn."),
  usage: z
    .strictObject({
      input: z.int().default(0),
      output: z.int().default(0),
      cache_read: z.int().default(0),
      cache_write: z.int().default(0),
    })
    .default({ input: 100, output: 20, cache_read: 0, cache_write: 0 }),
  first_delay_ms: milliseconds.default(0).describe("Before the first byte of the answer."),
  chunk_length: z.int().min(1).default(16).describe("Characters of each delta."),
  chunk_delay_ms: milliseconds.default(0).describe("Between two deltas."),
  status: z
    .int()
    .min(400)
    .max(599)
    .optional()
    .describe("Answers this error instead, in the provider's own shape; `text` is its message."),
  error_type: z.string().optional().describe("Of the error; default the one that belongs to the status."),
  requires: z
    .strictObject({ field: z.string(), message: z.string() })
    .optional()
    .describe("Answers 400 with this message to a request whose JSON has no field of this name anywhere."),
  retry_after: z.string().optional().describe("The header Retry-After, as it is."),
  stream_error: z
    .string()
    .optional()
    .describe("After the deltas, an error event of this type in the stream, such as overloaded_error."),
  cut_after: afterDeltas.describe("Destroys the socket after so many deltas."),
  stall_after: afterDeltas.describe("Sends nothing more after so many deltas, and stays open."),
  malformed_after: afterDeltas.describe("Sends a line that is no JSON after so many deltas."),
});
export type ScriptedAnswer = z.input<typeof ScriptedAnswer>;

/**
 * What the model says, turn by turn. The turn is the number of assistant messages in the request since its last
 * message of a human, so one script serves any number of conversations at once; the last entry serves all later
 * turns. A turn that is a list is for successive requests for the same turn of the same conversation, such as
 * retries: its last entry serves all later ones.
 */
export const ModelScript = z.strictObject({
  turns: z.array(z.union([ScriptedAnswer, z.array(ScriptedAnswer).min(1)])).min(1),
});
export type ModelScript = z.input<typeof ModelScript>;
