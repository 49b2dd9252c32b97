import type { IRedisTransaction } from "bullmq";
import { StoreUnavailableError } from "./unavailable.ts";

/** Replies of a pipeline. */
export interface OwnedReplies<Owner> {
  /**
   * The reply to the command with this number.
   * @throws the error with which it failed.
   */
  reply(number: number): unknown;
  /** The error of the command with this number; null when it has worked. */
  errorAt(number: number): Error | null;
  /** The first error of the commands that are for all owners. */
  readonly commonError: Error | null;
  /** The first error of the commands that are for this owner, without those that are for all. */
  ownErrorOf(owner: Owner): Error | null;
  /** The first error of the commands that are for this owner or for all. */
  errorOf(owner: Owner): Error | null;
}

/** A pipeline that knows for whom each of its commands is, so that each owner hears of its own errors alone. */
export class OwnedPipeline<Owner> {
  readonly #open: () => IRedisTransaction;
  #opened: IRedisTransaction | null = null;
  readonly #owners: (readonly Owner[] | "all")[] = [];

  /** `open` is called for the first command: making a pipeline costs as much as several commands. */
  constructor(open: () => IRedisTransaction) {
    this.#open = open;
  }

  get isEmpty(): boolean {
    return this.#owners.length === 0;
  }

  get #pipeline(): IRedisTransaction {
    return (this.#opened ??= this.#open());
  }

  /** Adds a command; returns its number. */
  run(owners: readonly Owner[] | "all", name: string, parameters: (string | number)[]): number {
    this.#pipeline.runCommand(name, parameters);
    return this.#owners.push(owners) - 1;
  }

  /** For what adds exactly one command by itself; returns the command's number. */
  async add(
    owners: readonly Owner[] | "all",
    addOne: (pipeline: IRedisTransaction) => unknown,
  ): Promise<number> {
    await addOne(this.#pipeline);
    return this.#owners.push(owners) - 1;
  }

  /** @throws StoreUnavailableError when the connection was closed. */
  async exec(): Promise<OwnedReplies<Owner>> {
    const replies = await this.#pipeline.exec();
    if (!replies) throw new StoreUnavailableError("the connection was closed");
    const errors = new Map<Owner, Error>();
    let commonError: Error | null = null;
    for (const [number, [error]] of replies.entries()) {
      if (!error) continue;
      const owners = this.#owners[number] ?? "all";
      if (owners === "all") commonError ??= error;
      else for (const owner of owners) if (!errors.has(owner)) errors.set(owner, error);
    }
    return {
      reply: (number) => {
        const [error, reply] = replies[number] ?? [new Error(`There is no reply ${number}`), null];
        if (error) throw error;
        return reply;
      },
      errorAt: (number) => replies[number]?.[0] ?? null,
      commonError,
      ownErrorOf: (owner) => errors.get(owner) ?? null,
      errorOf: (owner) => commonError ?? errors.get(owner) ?? null,
    };
  }
}
