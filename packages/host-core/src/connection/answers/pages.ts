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
}

/** Reads page after page of the list that the server calls `key`. */
export async function readPages(fetchPage: FetchPage, key: ListKey): Promise<Pages> {
  const items: unknown[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const result = await fetchPage(cursor);
    const onPage = result[key];
    if (Array.isArray(onPage)) items.push(...(onPage as unknown[]));
    const { nextCursor } = result;
    const isLast = typeof nextCursor !== "string" || nextCursor === "";
    if (items.length > MOST_ITEMS || (items.length === MOST_ITEMS && !isLast)) {
      const warnings = [`the server has more than ${MOST_ITEMS} ${key}; the rest is left out`];
      return { items: items.slice(0, MOST_ITEMS), warnings };
    }
    if (isLast) return { items, warnings: [] };
    if (nextCursor === cursor) {
      return {
        items,
        warnings: [`the server repeats page "${nextCursor}" of its ${key}; the rest is left out`],
      };
    }
    cursor = nextCursor;
  }
  return {
    items,
    warnings: [`the server has more than ${MOST_PAGES} pages of ${key}; the rest is left out`],
  };
}
