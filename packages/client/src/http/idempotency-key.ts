const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The header of a request that may be sent again; with a key that is made up, where none is given.
 * @throws TypeError when the api would take no such key.
 */
export function idempotencyHeader(key: string = newKey()): { "idempotency-key": string } {
  if (KEY.test(key)) return { "idempotency-key": key };
  throw new TypeError(
    "idempotencyKey must be 1 to 255 visible ASCII characters without spaces, such as a UUID.",
  );
}

/** (`crypto.randomUUID` is missing on pages that came over plain HTTP.) */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
