/** Whether a part of a URL is what percent-encoding makes. */
export function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
