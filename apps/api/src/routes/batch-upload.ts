import type { HttpBindings } from "@hono/node-server";
import {
  Batch,
  BatchOptions,
  ChatJobRequest,
  CustomId,
  ToolJobRequest,
  type JobRequest,
} from "@millrace/contracts";
import { BatchRefusedError } from "@millrace/job-store";
import { Hono, type Context } from "hono";
import { describeRoute } from "hono-openapi";
import { z } from "zod";
import type { AccessEnvironment } from "../access/principal.ts";
import { readBody, type BodyPiece } from "../batches/read-body.ts";
import { LineReader } from "../batches/read-line.ts";
import { uploadArray, uploadLines } from "../batches/upload-lines.ts";
import { cutUpload, uploadProblem } from "../batches/upload-problem.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { idempotencyKey } from "../http/idempotency-key.ts";
import { json, jsonLines, problems, requestHeaders } from "../http/openapi.ts";
import { mediaType } from "../http/media-type.ts";
import { ProblemError } from "../http/problem.ts";
import { queryNumber } from "../http/query-number.ts";
import { traced, traceparentOf } from "../http/traceparent.ts";
import { queryParameters } from "../http/validation.ts";
import { checkJob } from "../job-check.ts";

function option(rule: z.ZodOptional<z.ZodInt>) {
  const inQuery = queryNumber(rule.unwrap()).optional();
  return rule.description === undefined ? inQuery : inQuery.describe(rule.description);
}

const { concurrency, priority, timeout_ms, retention_seconds } = BatchOptions.shape;

/** The options of a batch, as they come in a query. */
const OptionsQuery = z.strictObject({
  concurrency: option(concurrency),
  priority: option(priority),
  timeout_ms: option(timeout_ms),
  retention_seconds: option(retention_seconds),
});

const custom_id = CustomId.nullish();

/** As `LineReader` reads it, for the documentation. */
const BatchLine = z
  .discriminatedUnion("type", [ToolJobRequest.extend({ custom_id }), ChatJobRequest.extend({ custom_id })])
  .meta({ id: "BatchLine" });

const EXAMPLE = `${JSON.stringify({
  custom_id: "first",
  type: "tool",
  server: "filesystem",
  tool: "read_text_file",
  arguments: { path: "welcome.txt" },
})}\n${JSON.stringify({ custom_id: "second", type: "chat", message: "Hello" })}\n`;

const BODY = { ...jsonLines(BatchLine, EXAMPLE), ...json("", z.array(BatchLine)).content };

/** `POST /batches`. Bounds its body by the line, so the limit of other bodies does not hold for it. */
export function batchUploadRoutes(dependencies: ApiDependencies) {
  return new Hono<AccessEnvironment>().post(
    "/batches",
    describeRoute({
      tags: ["batches"],
      summary: "Submit many jobs",
      description:
        "NDJSON with one job on each line, optionally with a `custom_id`, or a JSON array of jobs. `Content-Encoding: " +
        "gzip` is supported. The body is read only as fast as its jobs can be stored. A bad line is rejected and " +
        "harms no other. 202 with the batch; or 200 when the `Idempotency-Key` has made a batch before: the upload " +
        "then goes on where it broke off.",
      parameters: requestHeaders("Idempotency-Key", "Content-Encoding", "traceparent"),
      requestBody: { required: true, content: BODY },
      responses: {
        200: json("The batch of the same Idempotency-Key", Batch, "Location"),
        202: json("The new batch", Batch, "Location"),
        ...problems(400, 401, 409, 410, 413, 415, 422, 429, 503),
      },
    }),
    queryParameters(OptionsQuery),
    async (c) => {
      const isArray = isJsonArray(c);
      const { store, config, shutdown } = dependencies;
      const traceparent = traceparentOf(c.req.header("traceparent"));
      const { incoming, outgoing } = c.env as HttpBindings;
      const body = readBody(incoming, { encoding: c.req.header("content-encoding"), shutdown });
      const values = isArray ? await readArray(body, config.maxBodyBytes) : null;
      const principal = c.get("principal");
      const options = c.req.valid("query");
      const gone = new AbortController();
      outgoing.once("close", () => gone.abort());
      const upload = await store.batches
        .open({
          tenant: principal.tenant,
          options,
          idempotencyKey: idempotencyKey(c.req.header("idempotency-key")),
          signal: AbortSignal.any([shutdown, gone.signal]),
        })
        .catch((error: unknown) => Promise.reject(uploadProblem(error)));
      const maxBytes = config.maxBodyBytes;
      const check = async (request: JobRequest) =>
        traced(await checkJob(dependencies, principal, request), traceparent);
      const reader = new LineReader({ batchOptions: options, maxBytes, check });
      try {
        if (values) await uploadArray(values, { reader, upload });
        else await uploadLines(body, { reader, upload, maxBytes });
        const batch = await upload.close("complete");
        if (!batch) throw new BatchRefusedError("gone", upload.batchId);
        return c.json(batch, upload.isResumed ? 200 : 202, { location: batch.links.self });
      } catch (error) {
        throw await cutUpload(upload, error);
      }
    },
  );
}

function isJsonArray(c: Context): boolean {
  const type = mediaType(c);
  if (type === "application/x-ndjson" || type === "application/jsonl") return false;
  if (type === "application/json") return true;
  throw new ProblemError("unsupported_media_type", {
    detail:
      "Send the header `Content-Type: application/x-ndjson` with one job on each line, or `application/json` with an array.",
  });
}

async function readArray(body: AsyncIterable<BodyPiece>, maxBytes: number): Promise<unknown[]> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const { bytes } of body) {
    length += bytes.length;
    if (length > maxBytes) {
      throw new ProblemError("body_too_large", {
        detail: `Send at most ${maxBytes} bytes as an array, or NDJSON (application/x-ndjson), which may have any length.`,
      });
    }
    pieces.push(bytes);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces)));
  } catch {
    throw new ProblemError("invalid_json", { detail: "The body cannot be parsed. Send one JSON array." });
  }
  if (Array.isArray(value)) return value;
  throw new ProblemError("invalid_request", { detail: "The body is no array. Send a JSON array of jobs." });
}
