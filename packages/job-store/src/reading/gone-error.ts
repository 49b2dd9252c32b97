/** The retention of what a reader follows was over before the reader had come to the end. */
export class GoneError extends Error {
  override name = "GoneError";

  constructor(id: string) {
    super(`The retention of ${id} is over`);
  }
}
