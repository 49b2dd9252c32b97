import { once } from "node:events";
import { join } from "node:path";
import { startProcessGuard } from "@millrace/host-core/process-guard";
import { banner } from "./start/banner.ts";
import { startEmbeddedRedis } from "./start/embedded-redis.ts";
import { createLogOutput } from "./start/log-output.ts";
import { untilReady } from "./start/readiness.ts";
import { startService, type Service, type ServiceProgram } from "./start/service.ts";
import { readStartSettings } from "./start/settings.ts";
import { watchStopRequests } from "./start/stop-requests.ts";
import { webhookEnvironment } from "./start/webhook-environment.ts";

/** Where Node keeps compiled modules: the worker's take more than a second to compile. */
const COMPILE_CACHE = ".millrace/compile-cache";

/** On top of the drain timeout. The worker gives up by itself before, and says so. */
const CLOSE_MS = 15_000;

process.chdir(join(import.meta.dirname, ".."));
const settings = readStartSettings(process.env);
const graceMs = settings.drainTimeoutMs + CLOSE_MS;
/** In the order of their start: Redis, api, worker. They stop in reverse; when this process is killed, by the guard. */
const services: Service[] = [];
const guard = startProcessGuard({ graceMs });
const output = createLogOutput(process.stdout);
const requests = watchStopRequests((reason) => output.write("millrace", `stopping (${reason})`));
requests.kill.addEventListener("abort", () => {
  output.write("millrace", "killing what is left");
  for (const service of services) service.kill();
});

/** Aborted by the `finally` below, so that nothing goes on waiting for what is being stopped. */
const ending = new AbortController();
const stopping = AbortSignal.any([requests.stop, ending.signal]);

try {
  await run();
} catch (error) {
  if (!requests.stop.aborted) {
    process.exitCode = 1;
    output.write("millrace", error instanceof Error ? error.message : String(error));
  }
} finally {
  ending.abort();
  for (const service of services.toReversed()) await service.stop(graceMs);
  await guard.close();
  requests.close();
}

/** Resolves when a stop is requested. @throws when something does not start, or ends by itself. */
async function run(): Promise<void> {
  if (settings.port === 0) {
    throw new Error(
      "PORT=0 lets the system choose, and nobody would know the port: set PORT=8001, for example",
    );
  }
  const redis =
    settings.redisUrl ??
    (await startEmbeddedRedis({
      launch,
      output,
      patienceMs: graceMs,
      signal: stopping,
    }));
  const startedAt = new Date();
  const webhooks = await webhookEnvironment(process.env, settings);
  const environment = { REDIS_URL: redis, NODE_COMPILE_CACHE: COMPILE_CACHE, ...webhooks };
  for (const name of ["api", "worker"] as const) {
    const service = await launch({
      name,
      command: process.execPath,
      args: [`apps/${name}/src/main.ts`],
      environment,
    });
    output.copy(name, service.stdout);
    output.copy(name, service.stderr);
  }

  const someEnded = Promise.race(services.map(rejectWhenEnded));
  const onSlow = (waitingFor: string) => output.write("millrace", `still waiting for ${waitingFor}`);
  const servers = await Promise.race([someEnded, untilReady(settings, startedAt, stopping, onSlow)]);
  console.log(banner(settings, redis, servers));
  await Promise.race([someEnded, once(requests.stop, "abort")]);
}

async function launch(program: ServiceProgram): Promise<Service> {
  const service = await startService(program, (processGroupId) => guard.add(processGroupId));
  services.push(service);
  void service.ended.then(() => guard.remove(service.processGroupId));
  return service;
}

async function rejectWhenEnded(service: Service): Promise<never> {
  const how = await service.ended;
  throw new Error(`the ${service.name} ${how} (see above): stopping everything`);
}
