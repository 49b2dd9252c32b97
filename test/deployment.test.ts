import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiKeysConfig, McpConfig, ModelsConfig, sharedVariables } from "@millrace/contracts";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseApiConfig } from "../apps/api/src/config.ts";
import { renderMetrics } from "../apps/api/src/metrics/render-metrics.ts";
import { parseWorkerConfig } from "../apps/worker/src/config.ts";

const PROJECT = join(import.meta.dirname, "..");
const KUBERNETES = join(PROJECT, "deploy/kubernetes");

/** What a worker takes beyond its drain timeout, in seconds: `STOP_MARGIN_MS` of its `main.ts`. */
const STOP_MARGIN_SECONDS = 10;

/** Parsed YAML, of which a test knows the form. */
// oxlint-disable-next-line typescript/no-explicit-any
type Parsed = any;

async function textOf(file: string): Promise<string> {
  return await readFile(join(PROJECT, file), "utf8");
}

async function resources(): Promise<Parsed[]> {
  const files = (await readdir(KUBERNETES)).filter((file) => file.endsWith(".yaml"));
  const texts = await Promise.all(files.map((file) => readFile(join(KUBERNETES, file), "utf8")));
  return texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    }),
  );
}

async function resource(kind: string, name: string): Promise<Parsed> {
  const found = (await resources()).find((one) => one.kind === kind && one.metadata.name === name);
  expect(found, `${kind} ${name}`).toBeDefined();
  return found;
}

async function podOf(
  name: string,
): Promise<{ pod: Parsed; container: Parsed; environment: Record<string, string> }> {
  const pod = (await resource("Deployment", name)).spec.template.spec;
  const [container] = pod.containers;
  const entries = container.env.map((one: Parsed) => [one.name, one.value]);
  return { pod, container, environment: Object.fromEntries(entries) };
}

/** Our packages that an app needs, by folder, its own too. */
async function workspacesOf(folder: string): Promise<string[]> {
  const { dependencies = {} } = JSON.parse(await textOf(`${folder}/package.json`)) as {
    dependencies?: Record<string, string>;
  };
  const own = Object.keys(dependencies).filter((name) => name.startsWith("@millrace/"));
  const folders = await Promise.all(own.map((name) => workspacesOf(name.replace("@millrace/", "packages/"))));
  return [...new Set([folder, ...folders.flat()])].toSorted();
}

test.for(["api", "worker"])(
  "[deploy.image] the image of the %s has what it imports, and no more",
  async (app) => {
    const stages = (await textOf("Dockerfile")).split(/^(?=FROM )/m);
    const stage = (name: string) => stages.find((text) => text.split("\n")[0]?.endsWith(` AS ${name}`)) ?? "";
    const needed = await workspacesOf(`apps/${app}`);
    const sources = [...stage(app).matchAll(/^COPY ((?:apps|packages)\/\S+) \1$/gm)].map(
      ([, folder = ""]) => folder,
    );
    expect(new Set(sources)).toEqual(new Set(needed));
    const manifests = stage("manifests") + stage(`${app}-dependencies`);
    const listed = [...manifests.matchAll(/^COPY ((?:apps|packages)\/\S+)\/package\.json \1\/$/gm)];
    expect(new Set(listed.map(([, folder]) => folder))).toEqual(new Set(needed));
    expect(stage(app)).toMatch(/^USER node$/m);
    expect(stage(app)).toContain("HEALTHCHECK");
    expect(stage(app)).toContain(`CMD ["node", "apps/${app}/src/main.ts"]`);
  },
);

test("[deploy.compose] the composition wants keys, keeps its data, and gives workers time to drain", async () => {
  const { services, volumes } = parse(await textOf("docker-compose.yml"));
  expect(services.api.environment.API_KEYS).toMatch(/^\$\{API_KEYS:\?/);
  expect(services.redis.command.join(" ")).toContain("--appendonly yes");
  expect(services.redis.command.join(" ")).toContain("--maxmemory-policy noeviction");
  expect(services.redis.volumes).toEqual(["redis-data:/data"]);
  expect(Object.keys(volumes)).toContain("redis-data");
  const drainSeconds = Number(/:-(\d+)\}/.exec(services.worker.environment.DRAIN_TIMEOUT_SECONDS)?.[1]);
  expect(Number.parseInt(services.worker.stop_grace_period, 10)).toBeGreaterThan(
    drainSeconds + STOP_MARGIN_SECONDS,
  );
  for (const name of ["api", "worker"]) {
    expect(services[name]).toMatchObject({ init: true, build: { target: name } });
    expect(services[name].depends_on.redis.condition).toBe("service_healthy");
  }
});

test.for(["api", "worker"] as const)(
  "[deploy.settings] the composition passes every setting of the %s on, and the documentation has it",
  async (app) => {
    const own = [...(await textOf(`apps/${app}/src/config.ts`)).matchAll(/^ {2,4}([A-Z][A-Z_]+): /gm)];
    const settings = [...Object.keys(sharedVariables), ...own.map(([, name = ""]) => name)];
    // So that a change of how they are written cannot make this test empty.
    expect(settings).toContain(app === "api" ? "MAX_BODY_BYTES" : "MAX_CRASHES");
    const { services } = parse(await textOf("docker-compose.yml"));
    expect(Object.keys(services[app].environment as object)).toEqual(
      // Where it listens is the image's own.
      expect.arrayContaining(settings.filter((name) => !["HOST", "PORT"].includes(name))),
    );
    const rows = [...(await textOf("docs/configuration.md")).matchAll(/^\| `([A-Z_]+)` +\| (\w+) /gm)];
    const documented = rows.filter(([, , of]) => of === app || of === "both").map(([, name]) => name);
    expect(new Set(documented)).toEqual(new Set(settings));
  },
);

test("[deploy.kubernetes] settings are valid, and a worker has more time to stop than it drains", async () => {
  const worker = await podOf("millrace-worker");
  const { drainTimeoutMs } = parseWorkerConfig(worker.environment);
  expect(worker.pod.terminationGracePeriodSeconds).toBeGreaterThan(
    drainTimeoutMs / 1_000 + STOP_MARGIN_SECONDS,
  );
  expect(worker.container.readinessProbe.exec.command).toEqual(["node", "apps/worker/src/healthcheck.ts"]);
  const api = await podOf("millrace-api");
  expect(parseApiConfig(api.environment).port).toBe(api.container.ports[0].containerPort);
  const redis = await resource("Service", "millrace-redis");
  expect(api.environment["REDIS_URL"]).toBe(`redis://${redis.metadata.name}:${redis.spec.ports[0].port}`);
  expect(worker.environment["REDIS_URL"]).toBe(api.environment["REDIS_URL"]);
});

test("[deploy.kubernetes] probes ask for paths and ports that there are", async () => {
  const { container } = await podOf("millrace-api");
  const routes = await textOf("apps/api/src/routes/health.ts");
  const ports = container.ports.map((port: Parsed) => port.name);
  for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
    const { path, port } = container[probe].httpGet;
    expect(routes, probe).toContain(`"${path}"`);
    expect(ports, probe).toContain(port);
  }
  const service = await resource("Service", "millrace-api");
  expect(ports).toContain(service.spec.ports[0].targetPort);
  const { labels } = (await resource("Deployment", "millrace-api")).spec.template.metadata;
  expect(labels).toMatchObject(service.spec.selector as object);
});

test("[deploy.kubernetes] the files in it are valid, and everything that is mounted or referred to is there", async () => {
  const { data } = await resource("ConfigMap", "millrace-config");
  McpConfig.parse(JSON.parse(data["mcp-servers.json"] as string));
  ModelsConfig.parse(JSON.parse(data["models.json"] as string));
  const keys = (await resource("Secret", "millrace-keys")).stringData["api-keys.json"] as string;
  let digit = 0;
  const filled = keys.replaceAll("REPLACE-WITH-64-HEX-DIGITS", () => String((digit += 1)).repeat(64));
  ApiKeysConfig.parse(JSON.parse(filled));
  for (const name of ["millrace-api", "millrace-worker"]) {
    const { pod, container } = await podOf(name);
    const mounted = container.volumeMounts.map((mount: Parsed) => mount.name);
    expect(pod.volumes.map((volume: Parsed) => volume.name)).toEqual(mounted);
    for (const { configMap, secret } of pod.volumes) {
      if (configMap) await resource("ConfigMap", configMap.name as string);
      if (secret) await resource("Secret", secret.secretName as string);
    }
    for (const { secretRef } of container.envFrom) await resource("Secret", secretRef.name as string);
  }
});

test("[deploy.keda] scales by metrics that there are, with a key that there is", async () => {
  const { spec } = await resource("ScaledObject", "millrace-worker");
  await resource("Deployment", spec.scaleTargetRef.name as string);
  const service = await resource("Service", "millrace-api");
  const { environment } = await podOf("millrace-worker");
  const places = parseWorkerConfig(environment);
  const metrics = await renderMetrics(emptySnapshot());
  expect(spec.triggers).toHaveLength(4);
  for (const { metadata, authenticationRef } of spec.triggers) {
    expect(metrics).toContain(`\n${metadata.valueLocation} 0\n`);
    expect(metadata.url).toBe(
      // KEDA asks from its own namespace.
      `http://${service.metadata.name}.default:${service.spec.ports[0].port}/metrics`,
    );
    const type = /type="(tool|chat)"/.exec(metadata.valueLocation as string)?.[1];
    expect(Number(metadata.targetValue)).toBe(
      type === "tool" ? places.toolConcurrency : places.chatConcurrency,
    );
    const { spec: authentication } = await resource(
      "TriggerAuthentication",
      authenticationRef.name as string,
    );
    for (const { name, key } of authentication.secretTargetRef) {
      expect((await resource("Secret", name as string)).stringData).toHaveProperty([key]);
    }
  }
});

function emptySnapshot(): Parameters<typeof renderMetrics>[0] {
  const waiting = { count: 0, delayed: 0, parked: 0, oldestAgeMs: null };
  const byStatus = { completed: 0, failed: 0, cancelled: 0 };
  const finished = { byStatus, durations: { buckets: [], sumSeconds: 0 } };
  return {
    waiting: { tool: waiting, chat: waiting },
    finished: { tool: finished, chat: finished },
    running: { tool: 0, chat: 0 },
    places: { tool: 0, chat: 0 },
    workers: 0,
    servers: [],
    openStreams: 0,
  };
}
