/** What `list` shows unless `--limit` says otherwise. */
export const LISTED = 20;
