/** A client that reads slowly shows with each slice that it still reads. */
const SLICE_BYTES = 64 * 1_024;
/** A client that takes not even a slice for this long is dropped; it comes back with its cursor. In milliseconds. */
const STUCK_AFTER_MS = 60_000;

const NOTHING = new Uint8Array();

/** What a stream gives out, by the page. */
export interface PageSource {
  /** The next page, not empty; null at the end. Asked for when the client has taken the page before it. */
  next(): Promise<string | null>;
  /** The stream is over, whichever side ended it. May be called again. */
  close?(): void;
}

/** Closes the source with its last page. */
async function nextPage(source: PageSource): Promise<string | null> {
  let page: string | null = null;
  try {
    page = await source.next();
  } finally {
    if (page === null) source.close?.();
  }
  return page;
}

/**
 * Pages of any length as a stream. It is pulled: a page is read, and a slice of it given out, only as fast as the
 * client takes them, so a slow client costs one page. Nothing is given out ahead: the client has taken a slice when the
 * next one is asked for. `opening` comes before the first page, and does not wait for it.
 */
export function slicedStream(source: PageSource, opening = ""): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let rest = NOTHING;
  let stuck: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (opening !== "") controller.enqueue(encoder.encode(opening));
      },
      async pull(controller) {
        clearTimeout(stuck);
        if (rest.length === 0) {
          const page = await nextPage(source);
          if (page === null) return controller.close();
          rest = encoder.encode(page);
        }
        const slice = rest.subarray(0, SLICE_BYTES);
        // An empty view would keep the page.
        rest = slice.length === rest.length ? NOTHING : rest.subarray(SLICE_BYTES);
        controller.enqueue(slice);
        stuck = setTimeout(() => {
          source.close?.();
          controller.error(new Error("The client takes nothing"));
        }, STUCK_AFTER_MS);
      },
      cancel() {
        clearTimeout(stuck);
        source.close?.();
      },
    },
    { highWaterMark: 0 },
  );
}
