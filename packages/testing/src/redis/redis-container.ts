import { setTimeout } from "node:timers/promises";

const REDIS_PORT = 6379;
/** An engine that is there answers in milliseconds. */
const ENGINE_TIMEOUT_MS = 3_000;

export interface RedisContainer {
  url: string;
  close(): Promise<void>;
}

/** Testcontainers takes most of a second to load, so it is loaded only here, and only by the run's set-up. */
const loadTestcontainers = () => import("testcontainers");

/** Whether a Docker engine, or one that speaks its protocol, answers. */
export async function containerEngineAnswers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await loadTestcontainers();
  const answer = getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, setTimeout(ENGINE_TIMEOUT_MS, false, { ref: false })]);
}

/** Runs a Redis or Valkey image without persistence. Testcontainers removes it also when this process is killed. */
export async function startRedisContainer(image: string): Promise<RedisContainer> {
  const { GenericContainer } = await loadTestcontainers();
  const container = await new GenericContainer(image)
    .withExposedPorts(REDIS_PORT)
    // Options alone: the images' entry point puts the name of their server before them.
    .withCommand(["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"])
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(REDIS_PORT)}`,
    async close() {
      await container.stop();
    },
  };
}
