import { containerEngineAnswers, startRedisContainer } from "./redis-container.ts";
import { startRedisProcess } from "./redis-process.ts";

const DEFAULT_IMAGE = "redis:8-alpine";

/** A real Redis to test with. For tests that pause or kill it, see `startRedisProcess`. */
export interface TestRedis {
  readonly url: string;
  readonly kind: "container" | "binary";
  /** Which server it is, and why, for people. */
  readonly description: string;
  close(): Promise<void>;
}

export interface StartRedisOptions {
  /** The image to run. With one that is named, nothing else will do. */
  image?: string | undefined;
}

/** Starts an empty Redis: a container when an engine answers, else the binary that the set-up found. */
export async function startRedis({ image }: StartRedisOptions = {}): Promise<TestRedis> {
  const container = await tryContainer(image);
  if (typeof container !== "string") return container;
  const redis = await startRedisProcess();
  return {
    url: redis.url,
    kind: "binary",
    description: `${redis.binary} (${container})`,
    close: () => redis.close(),
  };
}

/** Resolves with the reason when there is to be no container. */
async function tryContainer(image: string | undefined): Promise<TestRedis | string> {
  if (!(await containerEngineAnswers())) {
    if (image !== undefined)
      throw new Error(`the image ${image} was asked for, and no container engine answers`);
    return "no container engine answers";
  }
  try {
    const redis = await startRedisContainer(image ?? DEFAULT_IMAGE);
    return {
      url: redis.url,
      kind: "container",
      description: `container of ${image ?? DEFAULT_IMAGE}`,
      close: () => redis.close(),
    };
  } catch (error) {
    if (image !== undefined) throw error;
    return `a container of ${DEFAULT_IMAGE} did not start: ${error instanceof Error ? error.message : String(error)}`;
  }
}
