/**
 * W3C Trace Context, "traceparent": version, trace id, parent id and flags, in lower-case hex. Neither id may be zero,
 * version ff is forbidden, and a version that is not known yet may say more behind a dash.
 */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]+)?$/;
const LENGTH_MAX = 128;
const LENGTH_OF_VERSION_0 = 55;

/** Whether a text is a `traceparent` that may be passed on. */
export function isTraceparent(text: string): boolean {
  if (text.length > LENGTH_MAX || !TRACEPARENT.test(text)) return false;
  return !text.startsWith("00") || text.length === LENGTH_OF_VERSION_0;
}
