/** Gathers the frames of a stream into pieces of one delta each, at which a script can pause, cut or stall it. */
export class StreamPieces {
  readonly pieces: string[] = [];
  #waiting = "";

  /** Goes with the next delta. */
  frame(text: string): void {
    this.#waiting += text;
  }

  delta(text: string): void {
    this.pieces.push(this.#waiting + text);
    this.#waiting = "";
  }

  /** What has followed the last delta. */
  get rest(): string {
    return this.#waiting;
  }
}
