import type { ReadFailure } from "@millrace/contracts";
import { redact } from "./config/secrets.ts";
import { RequestRejectedError, type ResourceContents } from "./connection/connection.ts";
import { describeError } from "./describe-error.ts";
import type { WarmServer } from "./server/warm-server.ts";

/** What became of a reading. Expected failures are data. */
export type ResourceReading =
  | { ok: true; contents: ResourceContents[] }
  | { ok: false; reason: ReadFailure; message: string };

/**
 * The MCP specification says -32002 for a resource that is not there; servers made with the official SDKs, and the
 * specification from 2026-07-28 on, say -32602.
 */
const NOT_FOUND_CODES: readonly number[] = [-32002, -32602];

/** Reads a resource of a server until `signal` aborts. Never rejects. */
export async function readResource(
  server: WarmServer,
  uri: string,
  signal: AbortSignal,
): Promise<ResourceReading> {
  const { name, resultLimitBytes, secrets } = server.settings;
  const subject = `Resource "${uri}" of server "${name}"`;
  try {
    const contents = await server.readResource(uri, signal);
    const size = Buffer.byteLength(JSON.stringify(contents));
    if (size <= resultLimitBytes) return { ok: true, contents: [...contents] };
    const message = `${subject} has ${size} bytes; the limit is ${resultLimitBytes}, the server's "result_limit_bytes".`;
    return { ok: false, reason: "too_large", message };
  } catch (error) {
    if (signal.aborted) {
      return { ok: false, reason: "timeout", message: `${subject} was not read in time. Try again.` };
    }
    const problem = redact(describeError(error), secrets);
    if (!(error instanceof RequestRejectedError)) {
      const message = `Server "${name}" is not available (${server.status}): ${problem}`;
      return { ok: false, reason: "not_connected", message };
    }
    return NOT_FOUND_CODES.includes(error.code)
      ? { ok: false, reason: "not_found", message: `Server "${name}" has no resource "${uri}": ${problem}` }
      : { ok: false, reason: "refused", message: `${subject} was refused by its server: ${problem}` };
  }
}
