/** A request that a provider refuses before any model sees it. Each wire format writes it in its own shape. */
export class RejectedRequest extends Error {
  override readonly name = "RejectedRequest";
  readonly status: number;
  /** The provider's own type; null for the one that belongs to the status. */
  readonly type: string | null;
  /** What the message is about, such as `messages[1].role`. */
  readonly parameter: string | null;

  constructor(
    message: string,
    {
      status = 400,
      type = null,
      parameter = null,
    }: { status?: number; type?: string | null; parameter?: string | null } = {},
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.parameter = parameter;
  }
}
