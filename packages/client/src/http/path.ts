/** A path of the api; what is filled in cannot leave its segment. */
export function path(texts: TemplateStringsArray, ...segments: string[]): string {
  return String.raw({ raw: texts }, ...segments.map(encodeSegment));
}

function encodeSegment(segment: string): string {
  // URLs resolve these two away, encoded or not; none of the api's names can be one.
  if (segment === "" || segment === "." || segment === "..") {
    throw new TypeError(`"${segment}" cannot be the name or id of anything.`);
  }
  return encodeURIComponent(segment);
}
