/** One event of a stream of server-sent events. */
export interface Frame {
  id: string;
  event: string;
  data: string;
}

/**
 * Reads server-sent events (WHATWG HTML, "Interpreting an event stream"); an event that is cut off is left out.
 * Ends when the body ends, throws what the body's reader throws, and hangs up when nobody reads on.
 */
export async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<Frame, void, undefined> {
  let frame: Frame = { id: "", event: "", data: "" };
  for await (const line of readLines(body)) {
    if (line === "") {
      if (frame.data !== "") yield frame;
      frame = { id: frame.id, event: "", data: "" };
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") frame.data += frame.data === "" ? value : `\n${value}`;
    else if (field === "id" || field === "event") frame[field] = value;
  }
}

/** The api says something every 15 s; a connection that is silent for longer is dead, in milliseconds. */
const SILENCE_MS_MAX = 45_000;

/**
 * The whole lines of a body of UTF-8, which end with a line feed, with or without a carriage return before it; a last
 * line without an end is left out. Throws after `silenceMaxMs` without a byte. Hangs up when nobody reads on.
 */
export async function* readLines(
  body: ReadableStream<Uint8Array>,
  silenceMaxMs = SILENCE_MS_MAX,
): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  // What has come of a line whose end has not: joined once, so that a long line is not copied with each piece.
  let pieces: string[] = [];
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, silenceMaxMs);
      if (done) return;
      const lines = decoder.decode(value, { stream: true }).split("\n");
      const rest = lines.pop() ?? "";
      for (const line of lines) {
        const whole = pieces.length === 0 ? line : pieces.join("") + line;
        pieces = [];
        yield whole.endsWith("\r") ? whole.slice(0, -1) : whole;
      }
      if (rest !== "") pieces.push(rest);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, silenceMaxMs: number) {
  let isSilent = false;
  const timer = setTimeout(() => {
    isSilent = true;
    reader.cancel().catch(() => undefined);
  }, silenceMaxMs);
  try {
    const read = await reader.read();
    // What is cancelled ends like a body that is complete.
    if (isSilent) throw new Error(`nothing came for ${silenceMaxMs} ms`);
    return read;
  } finally {
    clearTimeout(timer);
  }
}
