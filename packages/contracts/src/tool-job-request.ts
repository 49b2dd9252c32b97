import { z } from "zod";
import { isShallow, JSON_DEPTH_MAX } from "./json-depth.ts";

/** Names of servers and tools are free text here; the worker's catalogue says which exist. */
const name = z.string().min(1).max(256);

/** A tool call's arguments; the tool's own schema judges what is in them. */
export const ToolArguments = z
  .record(z.string(), z.unknown())
  .refine(isShallow, `nested deeper than ${JSON_DEPTH_MAX} levels`)
  .describe("Checked against the tool's own schema.");

const metadata = z
  .record(z.string().min(1).max(64), z.string().max(512))
  .refine((entries) => Object.keys(entries).length <= 64, "at most 64 entries")
  .describe("Your own labels, returned with the job. Never interpreted.");

/** What every kind of job accepts. Durations end in their unit. */
const jobOptions = {
  timeout_ms: z
    .int()
    .min(1)
    .max(86_400_000)
    .optional()
    .describe("Time the job may run, counted from its first start. Default 60,000 for a tool job."),
  priority: z.int().min(0).max(10).optional().describe("0 is the highest, 10 the lowest. Default 5."),
  delay_ms: z.int().min(0).max(31_536_000_000).optional().describe("Wait this long before the job is due."),
  metadata: metadata.optional(),
  retention_seconds: z
    .int()
    .min(1)
    .max(31_536_000)
    .optional()
    .describe("How long the finished job stays readable. Default JOB_RETENTION_SECONDS."),
};

/** Body of `POST /jobs` for one tool call. An unknown key is an error. */
export const ToolJobRequest = z
  .strictObject({
    type: z.literal("tool"),
    server: name.optional().describe("Server name. May be left out when `tool` alone says which."),
    tool: name.describe("The server's own tool name, or the unified `server__tool`."),
    arguments: ToolArguments.default({}),
    ...jobOptions,
  })
  .meta({
    id: "ToolJobRequest",
    example: {
      type: "tool",
      server: "filesystem",
      tool: "read_text_file",
      arguments: { path: "welcome.txt" },
    },
  });
export type ToolJobRequest = z.infer<typeof ToolJobRequest>;

/** Every job request by its `type`. */
export const JobRequest = z.discriminatedUnion("type", [ToolJobRequest]).meta({ id: "JobRequest" });
export type JobRequest = z.infer<typeof JobRequest>;

/** Priority of a job that names none: the middle, so that a client can go both ways. */
export const DEFAULT_PRIORITY = 5;

/** Running time of a tool job that names none, in milliseconds. */
export const DEFAULT_TOOL_JOB_TIMEOUT_MS = 60_000;
