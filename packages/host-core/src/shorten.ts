/** How much is shown of a text that a server wrote, in characters. */
const LENGTH_MAX = 4_000;
/** The part of that which is the beginning; the rest is the end, where many errors say most. */
const BEGINNING = 0.75;
/** How much is searched for secrets at either end: one that the cut goes through lies far from what is shown. */
const SEARCHED = 20_000;

const HIGH_SURROGATE = /[\uD800-\uDBFF]$/;
const LOW_SURROGATE = /^[\uDC00-\uDFFF]/;

export interface ShortenOptions {
  /** In characters, without the note of what was left out. Default 4,000. */
  longest?: number;
  /** Hides secrets: before anything is cut, or a part of one would stay. */
  redact?: (text: string) => string;
}

/** A text as it may be told to others: one that is too long keeps its beginning and its end. */
export function shorten(
  text: string,
  { longest = LENGTH_MAX, redact = (same) => same }: ShortenOptions = {},
): string {
  const isHuge = text.length > 2 * SEARCHED;
  const given = redact(isHuge ? `${text.slice(0, SEARCHED)} … ${text.slice(-SEARCHED)}` : text);
  if (!isHuge && given.length <= longest) return given;
  const kept = Math.floor(longest * BEGINNING);
  const beginning = given.slice(0, kept).replace(HIGH_SURROGATE, "");
  const end = given.slice(kept - longest).replace(LOW_SURROGATE, "");
  return `${beginning} … [shortened: it has ${text.length} characters] … ${end}`;
}
