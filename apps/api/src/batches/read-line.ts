import {
  CustomId,
  describeIssues,
  isJsonObject,
  JobRequest,
  type BatchOptions,
  type BatchRejection,
} from "@millrace/contracts";
import type { NewJob, UploadLine } from "@millrace/job-store";
import { ProblemError } from "../http/problem.ts";
import type { RawLine } from "./line-splitter.ts";

/** How many places are told that are wrong in one line, and in how many characters. */
const ERRORS_MAX = 10;
const MESSAGE_LENGTH_MAX = 1_000;

export interface LineReaderOptions {
  batchOptions: BatchOptions;
  /** The longest that a line may be. */
  maxBytes: number;
  /** Refuses a job that cannot succeed with a ProblemError. */
  check: (request: JobRequest) => Promise<NewJob>;
}

type Problem = Omit<BatchRejection, "line" | "custom_id">;

/** Reads the lines of one upload: each makes a job, or a rejection that harms no other line. */
export class LineReader {
  readonly #options: LineReaderOptions;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(options: LineReaderOptions) {
    this.#options = options;
  }

  /** Null for a line with nothing in it. */
  async read({ line, bytes }: RawLine): Promise<UploadLine | null> {
    if (bytes === null) {
      const message = `The line is longer than ${this.#options.maxBytes} bytes. Make it shorter, or raise MAX_BODY_BYTES.`;
      return rejected(line, Buffer.of(), null, { code: "line_too_large", message });
    }
    const text = this.#decode(bytes);
    if (text === null) {
      const message = "The line is not valid UTF-8. Where it is the last one, the file may have been cut.";
      return rejected(line, bytes, null, { code: "invalid_utf8", message });
    }
    if (text.trim() === "") return null;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "";
      const message = `The line is not valid JSON (${reason}). Write one job as one JSON object on each line; where it is the last one, the file may have been cut.`;
      return rejected(line, bytes, null, { code: "invalid_json", message });
    }
    return await this.readValue(line, bytes, value);
  }

  /** The same of a line that has been parsed; `bytes` are what tells it from another. */
  async readValue(line: number, bytes: Uint8Array, value: unknown): Promise<UploadLine> {
    if (!isJsonObject(value)) {
      const message = "The line is no JSON object. Write one job as one JSON object on each line.";
      return rejected(line, bytes, null, { code: "invalid_request", message });
    }
    const { custom_id: given = null, ...fields } = value;
    const customId = given === null ? null : CustomId.safeParse(given);
    if (customId?.success === false) {
      const errors = describeIssues(customId.error.issues).map(({ message }) => ({
        path: "custom_id",
        message,
      }));
      return rejected(line, bytes, null, invalid(errors));
    }
    const name = customId?.data ?? null;
    const request = JobRequest.safeParse({ ...this.#defaults(), ...fields });
    if (!request.success) return rejected(line, bytes, name, invalid(describeIssues(request.error.issues)));
    try {
      const newJob = await this.#options.check(request.data);
      const { concurrency } = this.#options.batchOptions;
      return { line, content: bytes, job: { newJob, customId: name, concurrency } };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { detail: message, errors } = error.options;
      return rejected(line, bytes, name, { code: error.code, message, ...(errors ? { errors } : {}) });
    }
  }

  /** What the batch says for lines that do not say it themselves. */
  #defaults(): Partial<BatchOptions> {
    const { concurrency: _, ...defaults } = this.#options.batchOptions;
    return defaults;
  }

  #decode(bytes: Uint8Array): string | null {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return null;
    }
  }
}

function invalid(errors: NonNullable<BatchRejection["errors"]>): Problem {
  const list = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  return {
    code: "invalid_request",
    message: `The request does not fit its schema: ${list.join("; ")}.`,
    errors,
  };
}

function rejected(
  line: number,
  content: Uint8Array,
  customId: string | null,
  { message, errors, ...problem }: Problem,
): UploadLine {
  const rejection: BatchRejection = {
    line,
    custom_id: customId,
    ...problem,
    message: message.slice(0, MESSAGE_LENGTH_MAX),
    ...(errors ? { errors: errors.slice(0, ERRORS_MAX) } : {}),
  };
  return { line, content, rejection };
}
