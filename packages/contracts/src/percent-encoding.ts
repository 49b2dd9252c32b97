/** Whether a part of a URL is what percent-encoding makes. */
function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether the user name and the password of a URL are what its author meant, as far as one can tell. */
export function hasReadableCredentials({ username, password, pathname, search, hash }: URL): boolean {
  // A password with a bare / or # or ? ends the address early: what comes after it then holds the @ that should end it.
  return !(pathname + search + hash).includes("@") && canBeDecoded(username) && canBeDecoded(password);
}
