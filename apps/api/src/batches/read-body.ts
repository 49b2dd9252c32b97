import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ProblemError } from "../http/problem.ts";

export interface BodyOptions {
  /** Of the header `Content-Encoding`. */
  encoding: string | undefined;
  shutdown: AbortSignal;
}

/** A piece of a body, and whether more of it is there already. */
export interface BodyPiece {
  bytes: Buffer;
  isMoreThere: boolean;
}

/**
 * The body of a request, unpacked, piece by piece: the next one is read when it is asked for, so a slow reader slows the
 * client down. Ends early, leaving the connection as it is, when the reader does.
 * @throws ProblemError `unsupported_media_type`, `invalid_encoding`, `upload_cut`, `shutting_down`.
 */
export function readBody(
  incoming: IncomingMessage,
  { encoding = "identity", shutdown }: BodyOptions,
): AsyncGenerator<BodyPiece> {
  // Refused here and now, not when the first piece is asked for: by then there is a batch.
  return readPieces(incoming, { isPacked: isGzip(encoding), shutdown });
}

async function* readPieces(
  incoming: IncomingMessage,
  { isPacked, shutdown }: { isPacked: boolean; shutdown: AbortSignal },
): AsyncGenerator<BodyPiece> {
  const body = isPacked ? unpacked(incoming) : incoming;
  const pieces: AsyncIterator<Buffer, void> = body.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const piece = await nextPiece(pieces, shutdown);
      if (piece.done) return;
      yield { bytes: piece.value, isMoreThere: body.readableLength > 0 };
    }
  } catch (error) {
    throw asProblem(error);
  } finally {
    if (body !== incoming) {
      incoming.unpipe();
      body.destroy();
    }
  }
}

/**
 * A race against one promise for the whole body would keep every piece until that promise settles, so each piece
 * listens for itself.
 */
async function nextPiece<Piece>(
  pieces: AsyncIterator<Piece, void>,
  shutdown: AbortSignal,
): Promise<IteratorResult<Piece, void>> {
  const next = Promise.withResolvers<IteratorResult<Piece, void>>();
  const stop = (): void => next.reject(shuttingDown());
  if (shutdown.aborted) stop();
  shutdown.addEventListener("abort", stop, { once: true });
  pieces.next().then(next.resolve, next.reject);
  try {
    return await next.promise;
  } finally {
    shutdown.removeEventListener("abort", stop);
  }
}

/** Codings are named in any case, and gzip by its old name too (RFC 9110, section 8.4.1). */
function isGzip(encoding: string): boolean {
  const coding = encoding.trim().toLowerCase();
  if (coding === "" || coding === "identity") return false;
  if (coding === "gzip" || coding === "x-gzip") return true;
  throw new ProblemError("unsupported_media_type", {
    detail: "Send the body as it is, or with Content-Encoding: gzip.",
  });
}

function unpacked(incoming: IncomingMessage): Readable {
  const gunzip = createGunzip();
  // A pipe does not pass on that its source has broken off.
  incoming.once("error", (error) => gunzip.destroy(error));
  incoming.once("close", () => {
    if (!incoming.complete) gunzip.destroy(hangUp());
  });
  return incoming.pipe(gunzip);
}

function hangUp(): Error {
  return Object.assign(new Error("aborted"), { code: "ECONNRESET" });
}

function shuttingDown(): ProblemError {
  return new ProblemError("shutting_down", {
    detail: "This api is stopping. Send the batch again, under the same Idempotency-Key so that it goes on.",
    headers: { "retry-after": "1" },
  });
}

function asProblem(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith("Z_")) {
    return new ProblemError("invalid_encoding", {
      detail: `The body cannot be unpacked (${(error as Error).message}). Send valid gzip, or no Content-Encoding.`,
    });
  }
  if (code === "ECONNRESET") {
    return new ProblemError("upload_cut", { detail: "The body ended before it was whole." });
  }
  return error;
}
