/** A server whose pages never end must not hold up the start for ever. */
const MOST_PAGES = 200;
const MOST_ITEMS = 10_000;

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

/** Reads page after page of the list that the server calls `key`. */
export async function readPages(fetchPage: FetchPage, key: ListKey): Promise<Pages> {
  const items: unknown[] = [];
  let ttlMs: number | null = null;
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const result = await fetchPage(cursor);
    const onPage = result[key];
    if (Array.isArray(onPage)) items.push(...(onPage as unknown[]));
    const { nextCursor, ttlMs: pageTtlMs } = result;
    if (typeof pageTtlMs === "number") ttlMs = Math.min(pageTtlMs, ttlMs ?? pageTtlMs);
    const isLast = typeof nextCursor !== "string" || nextCursor === "";
    if (items.length > MOST_ITEMS || (items.length === MOST_ITEMS && !isLast)) {
      const warnings = [`the server has more than ${MOST_ITEMS} ${key}; the rest is left out`];
      return { items: items.slice(0, MOST_ITEMS), warnings, ttlMs };
    }
    if (isLast) return { items, warnings: [], ttlMs };
    if (nextCursor === cursor) {
      return {
        items,
        warnings: [`the server repeats page "${nextCursor}" of its ${key}; the rest is left out`],
        ttlMs,
      };
    }
    cursor = nextCursor;
  }
  return {
    items,
    warnings: [`the server has more than ${MOST_PAGES} pages of ${key}; the rest is left out`],
    ttlMs,
  };
}
