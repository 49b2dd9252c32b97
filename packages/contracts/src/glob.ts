/**
 * Whether the whole of `text` fits `pattern`: `*` is any run of characters, also none, `?` any single one, all else
 * itself. Names of tools and servers are no paths, so Node's `path.matchesGlob` is unfit: its `*` leaves out `a/b` and `.a`.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern);
  const given = Array.from(text);
  let next = 0;
  // The last `*`, and up to where the text is taken to belong to it: the only place to go back to.
  let star = -1;
  let starEnd = 0;
  for (let index = 0; index < given.length;) {
    if (wanted[next] === "*") {
      star = next;
      starEnd = index;
      next += 1;
    } else if (wanted[next] === "?" || wanted[next] === given[index]) {
      next += 1;
      index += 1;
    } else {
      if (star === -1) return false;
      starEnd += 1;
      index = starEnd;
      next = star + 1;
    }
  }
  return wanted.slice(next).every((character) => character === "*");
}
