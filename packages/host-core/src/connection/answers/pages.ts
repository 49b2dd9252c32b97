import { shorten } from "../../shorten.ts";

/** A server whose pages never end must not hold up the start for ever. */
const PAGES_MAX = 200;
const ITEMS_MAX = 10_000;
/** The size of all pages together, as {@link sizeOf} counts: an entry may have megabytes. */
const CHARACTERS_MAX = 32 * 1_024 * 1_024;
/** How much of a cursor an error shows. */
const SHOWN_CURSOR_LENGTH_MAX = 200;
/** What a number, a pair of brackets or a comma counts as. */
const CHARACTERS_OF_OTHERS = 8;

export type ListKey = "tools" | "resources" | "resourceTemplates" | "prompts";

/** One page of a list request, after `cursor`. */
export type FetchPage = (cursor: string | undefined) => Promise<Record<string, unknown>>;

interface Pages {
  items: unknown[];
  /** Why the list is not whole. */
  warnings: string[];
  /** The shortest `ttlMs` of its pages (MCP specification 2026-07-28, "Caching"); null when none has one. */
  ttlMs: number | null;
}

/** About as many characters as a value's JSON has. With a list in place of recursion: it may be of any depth. */
function sizeOf(entry: unknown): number {
  let size = 0;
  const waiting = [entry];
  while (waiting.length > 0) {
    const value = waiting.pop();
    size += typeof value === "string" ? value.length : CHARACTERS_OF_OTHERS;
    if (typeof value !== "object" || value === null) continue;
    const parts: unknown[] = Array.isArray(value) ? value : Object.entries(value).flat();
    for (const part of parts) waiting.push(part);
  }
  return size;
}

/** Reads page after page of the list that the server calls `key`. */
export async function readPages(fetchPage: FetchPage, key: ListKey): Promise<Pages> {
  const items: unknown[] = [];
  let size = 0;
  let ttlMs: number | null = null;
  let cursor: string | undefined;
  const seen = new Set<string>();
  const cutBecause = (reason: string) => ({ items, warnings: [`${reason}; the rest is left out`], ttlMs });
  const tooMany = `the server has more than ${ITEMS_MAX} ${key}`;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const result = await fetchPage(cursor);
    const onPage = result[key];
    const { nextCursor, ttlMs: pageTtlMs } = result;
    if (typeof pageTtlMs === "number") ttlMs = Math.min(pageTtlMs, ttlMs ?? pageTtlMs);
    const isLast = typeof nextCursor !== "string" || nextCursor === "";
    if (!Array.isArray(onPage)) return cutBecause(`the server's answer has no list of ${key}`);
    for (const item of onPage as unknown[]) {
      size += sizeOf(item);
      if (items.length === ITEMS_MAX) return cutBecause(tooMany);
      if (size > CHARACTERS_MAX) {
        return cutBecause(`the server's ${key} have more than ${CHARACTERS_MAX} characters`);
      }
      items.push(item);
    }
    if (items.length === ITEMS_MAX && !isLast) return cutBecause(tooMany);
    if (isLast) return { items, warnings: [], ttlMs };
    if (seen.has(nextCursor)) {
      const shown = shorten(nextCursor, { longest: SHOWN_CURSOR_LENGTH_MAX });
      return cutBecause(`the server repeats page "${shown}" of its ${key}`);
    }
    seen.add(nextCursor);
    cursor = nextCursor;
  }
  return cutBecause(`the server has more than ${PAGES_MAX} pages of ${key}`);
}
