/** `gone`: the batch has expired. `superseded`: a newer upload of the same batch has taken over. */
export class BatchRefusedError extends Error {
  override name = "BatchRefusedError";
  readonly reason: "gone" | "cancelled" | "superseded";
  readonly batchId: string;

  constructor(reason: BatchRefusedError["reason"], batchId: string) {
    super(`Batch ${batchId} takes no lines of this upload: ${reason}`);
    this.reason = reason;
    this.batchId = batchId;
  }
}
