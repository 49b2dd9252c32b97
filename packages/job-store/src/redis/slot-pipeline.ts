import type { ChainableCommander, Cluster } from "ioredis";

type Argument = string | number | Buffer;
type Command = (...args: Argument[]) => Promise<unknown>;
type Reply = [error: Error | null, reply: unknown];

interface Queued {
  name: string;
  args: Argument[];
  tag: string;
  isScript: boolean;
}

/** The reads that pipelines of this package have. One that is missing here makes its pipeline go key by key. */
const READS = new Set([
  "exists",
  "get",
  "hget",
  "hgetall",
  "hmget",
  "lindex",
  "llen",
  "lrange",
  "pttl",
  "scard",
  "zcard",
  "zrange",
  "zscore",
]);

/**
 * A pipeline for a Cluster whose commands may be for any of its nodes. It has the order of a pipeline on one node: a
 * command is sent when those before it have been answered, where another node may have to answer them. After an error
 * nothing more is sent, as if the connection had broken there. Commands that only read go out together.
 */
class SlotPipeline {
  readonly #cluster: Cluster;
  readonly #queue: Queued[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get length(): number {
    return this.#queue.length;
  }

  add(name: string, given: (Argument | Argument[] | Record<string, Argument>)[]): void {
    const args = given.flatMap((value) =>
      typeof value === "object" && !Buffer.isBuffer(value) && !Array.isArray(value)
        ? Object.entries(value).flat()
        : value,
    );
    const isScript = name in this.#scripts;
    // What has no key is announced after everything before it, on any node.
    const tag = name === "publish" ? "" : hashTag(String(args[0]));
    this.#queue.push({ name, args, tag, isScript });
  }

  async exec(): Promise<Reply[]> {
    const replies: Reply[] = [];
    let failure: Error | null = null;
    for (const stage of this.#stages()) {
      const broken: Error | null = failure;
      const answers: Reply[] = broken
        ? stage.map(() => [broken, undefined])
        : await Promise.all(stage.map((command) => this.#send(command)));
      replies.push(...answers);
      failure ??= answers.find(([error]) => error !== null)?.[0] ?? null;
    }
    return replies;
  }

  /** Neighbours that may be on their way at the same time. */
  #stages(): Queued[][] {
    if (this.#queue.every(({ name }) => READS.has(name))) return [this.#queue];
    const stages: Queued[][] = [];
    for (const command of this.#queue) {
      const stage = stages.at(-1);
      if (stage && mayJoin(stage, command)) stage.push(command);
      else stages.push([command]);
    }
    return stages;
  }

  async #send({ name, args }: Queued): Promise<Reply> {
    try {
      const command = (this.#cluster as unknown as Record<string, Command>)[name];
      if (!command) throw new Error(`There is no command ${name}`);
      return [null, await command.apply(this.#cluster, args)];
    } catch (error) {
      return [error as Error, undefined];
    }
  }

  get #scripts(): object {
    return (this.#cluster as unknown as { scriptsSet: object }).scriptsSet;
  }
}

/** Jobs know nothing of each other, so the commands of several may be on their way together. */
const isJob = ({ tag }: Queued): boolean => tag.startsWith("job_");

function mayJoin(stage: readonly Queued[], command: Queued): boolean {
  const last = stage.at(-1);
  if (!last || last.tag === "") return false;
  if (last.tag !== command.tag && !(isJob(last) && isJob(command))) return false;
  const earlier = stage.findLast(({ tag }) => tag === command.tag);
  return earlier === undefined || keepsOrder(earlier, command);
}

/** One connection keeps the order, except around a script that its node does not know yet and is sent again. */
function keepsOrder(first: Queued, second: Queued): boolean {
  return first.name === second.name || !(first.isScript || second.isScript);
}

/** What decides on the slot of a key (Redis Cluster specification, "Hash tags"). */
function hashTag(key: string): string {
  const start = key.indexOf("{");
  const end = key.indexOf("}", start + 1);
  return start >= 0 && end > start + 1 ? key.slice(start + 1, end) : key;
}

/** Makes a pipeline that takes commands by their names, as ioredis' own does. */
export function createSlotPipeline(cluster: Cluster): ChainableCommander {
  const pipeline = new SlotPipeline(cluster);
  const own: Record<string, unknown> = {
    exec: () => pipeline.exec(),
    get length() {
      return pipeline.length;
    },
  };
  const chain: object = new Proxy(own, {
    get(target, name) {
      // No thenable: it may be awaited by mistake of a library.
      if (typeof name === "symbol" || name === "then") return undefined;
      if (name in target) return target[name];
      return (...args: Parameters<SlotPipeline["add"]>[1]) => {
        pipeline.add(name, args);
        return chain;
      };
    },
  });
  return chain as ChainableCommander;
}
