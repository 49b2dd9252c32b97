import type { ReadFailure } from "@millrace/contracts";
import { redact } from "./config/secrets.ts";
import { AnswerTooLargeError, RequestRejectedError } from "./connection/connection.ts";
import { describeError } from "./describe-error.ts";
import { shorten } from "./shorten.ts";
import { AnswerLostError, RequestTimeoutError } from "./server/request-dispatcher.ts";
import type { WarmServer } from "./server/warm-server.ts";

/** What became of a reading. Expected failures are data. */
export type Reading<Contents> =
  | { ok: true; contents: Contents }
  | { ok: false; reason: ReadFailure; message: string };

/**
 * The MCP specification says -32002 for a resource that is not there; servers made with the official SDKs, and the
 * specification from 2026-07-28 on, say -32602. That is said too of a prompt that is not there.
 */
const NOT_FOUND_CODES: readonly number[] = [-32002, -32602];

interface ReadingOptions<Contents> {
  /** Such as `resource "file:///a"`. */
  what: string;
  signal: AbortSignal;
  read: (server: WarmServer) => Promise<Contents>;
}

/** Reads something of a server until `signal` aborts. Never rejects. */
export async function readFromServer<Contents>(
  server: WarmServer,
  { what, signal, read }: ReadingOptions<Contents>,
): Promise<Reading<Contents>> {
  const { name, resultLimitBytes, secrets } = server.settings;
  try {
    const contents = await read(server);
    const size = Buffer.byteLength(JSON.stringify(contents));
    if (size <= resultLimitBytes) return { ok: true, contents };
    const message = `The ${what} of server "${name}" has ${size} bytes; the limit is ${resultLimitBytes}, the server's "result_limit_bytes".`;
    return { ok: false, reason: "too_large", message };
  } catch (error) {
    if (signal.aborted) {
      const message = `The ${what} of server "${name}" was not read in time. Try again.`;
      return { ok: false, reason: "timeout", message };
    }
    const problem = shorten(describeError(error), { redact: (text) => redact(text, secrets) });
    if (error instanceof RequestTimeoutError) {
      const message = `The ${what} of server "${name}" was not read: ${problem}.`;
      return { ok: false, reason: "timeout", message };
    }
    if (error instanceof AnswerTooLargeError) {
      const message = `The ${what} of server "${name}" cannot be read: ${problem}. Read a smaller one, or have the server split it.`;
      return { ok: false, reason: "too_large", message };
    }
    // Another worker must not be asked: it may be this very request that its server does not survive.
    if (error instanceof AnswerLostError) {
      const message = `The ${what} of server "${name}" was not read, and its connection was lost: ${problem}`;
      return { ok: false, reason: "refused", message };
    }
    if (!(error instanceof RequestRejectedError)) {
      const message = `Server "${name}" is not available (${server.status}): ${problem}`;
      return { ok: false, reason: "not_connected", message };
    }
    return NOT_FOUND_CODES.includes(error.code)
      ? { ok: false, reason: "not_found", message: `Server "${name}" does not give the ${what}: ${problem}` }
      : {
          ok: false,
          reason: "refused",
          message: `The ${what} was refused by its server "${name}": ${problem}`,
        };
  }
}
