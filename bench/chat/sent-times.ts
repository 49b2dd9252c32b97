/** A delta that says when it was sent, in {@link sharedNow}'s milliseconds. */
export function sentTimeDelta(sentAt: number): string {
  return `${sentAt.toFixed(3)} `;
}

/** The times in a text of such deltas; deltas may have been joined on their way, but never cut. */
export function readSentTimes(text: string): number[] {
  return text.trimEnd().split(" ").map(Number);
}
