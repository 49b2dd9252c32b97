/** How far an upload has come, over all its tries. */
export class UploadProgress {
  #sent = 0;
  #furthest = 0;

  /** The body of one try, counted as it is taken. */
  count(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    this.#sent = 0;
    const reader = body.getReader();
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      const { done, value } = await reader.read();
      if (done) {
        controller.close();
      } else {
        this.#sent += value.length;
        controller.enqueue(value);
      }
    };
    // Nothing is read ahead: what has been taken is on its way.
    return new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
  }

  /** Whether the try that has just failed came further than any before it. */
  hasGotOn(): boolean {
    const hasGotOn = this.#sent > this.#furthest;
    if (hasGotOn) this.#furthest = this.#sent;
    return hasGotOn;
  }
}
