import { ApiKeysConfig, McpConfig, ModelsConfig } from "@millrace/contracts";
import { expect, test } from "vitest";
import { parseApiConfig } from "../apps/api/src/config.ts";
import { renderMetrics } from "../apps/api/src/metrics/render-metrics.ts";
import { parseWorkerConfig } from "../apps/worker/src/config.ts";
import { podOf, resource, STOP_MARGIN_SECONDS, textOf, type Parsed } from "./support/deployment.ts";

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

const WORKLOADS = [
  ["Deployment", "millrace-api"],
  ["Deployment", "millrace-worker"],
  ["StatefulSet", "millrace-redis"],
] as const;

test.for(WORKLOADS)(
  "[deploy.confined] the pods of %s %s have no rights and no memory beyond what they need",
  async ([kind, name]) => {
    const pod = (await resource(kind, name)).spec.template.spec;
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    const [container] = pod.containers;
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container.resources).toEqual({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { memory: expect.stringMatching(/^\d+Gi$/) },
    });
  },
);

test("[deploy.confined] where the processes write there are volumes", async () => {
  const paths = async (name: string): Promise<string[]> =>
    (await podOf(name)).container.volumeMounts.map((mount: Parsed) => mount.mountPath);
  // The compile cache; for the worker also what the server `filesystem` serves, and where npx keeps packages.
  expect(await textOf("Dockerfile")).toContain("NODE_COMPILE_CACHE=/tmp/");
  expect(await paths("millrace-api")).toContain("/tmp");
  expect(await paths("millrace-worker")).toEqual(expect.arrayContaining(["/tmp", "/home/node", "/app/data"]));
});

test("[deploy.confined] only what asks for the metrics has the scaler's secret", async () => {
  const { spec } = await resource("TriggerAuthentication", "millrace-metrics");
  const { name: secret } = spec.secretTargetRef[0];
  for (const [kind, name] of WORKLOADS)
    expect(JSON.stringify(await resource(kind, name)), name).not.toContain(secret);
});

test("[deploy.confined] only api and worker reach Redis, which refuses writes before its pod has no memory left", async () => {
  const redis = await resource("StatefulSet", "millrace-redis");
  const { spec } = await resource("NetworkPolicy", "millrace-redis");
  expect(spec.podSelector.matchLabels).toEqual(redis.spec.template.metadata.labels);
  const allowed = await Promise.all(
    ["millrace-api", "millrace-worker"].map(async (name) => {
      const { labels } = (await resource("Deployment", name)).spec.template.metadata;
      return { podSelector: { matchLabels: labels } };
    }),
  );
  expect(spec.ingress).toEqual([{ from: allowed, ports: [{ port: "redis" }] }]);
  const [{ args, resources: bounds }] = redis.spec.template.spec.containers;
  const gigabytes = Number.parseInt(args[args.indexOf("--maxmemory") + 1], 10);
  expect(gigabytes).toBeGreaterThan(0);
  // While it writes its file anew, it needs up to twice as much.
  expect(gigabytes * 2).toBeLessThanOrEqual(Number.parseInt(bounds.limits.memory, 10));
});

test("[deploy.kubernetes] one api stays while nodes are emptied, and somebody collects what MCP servers leave", async () => {
  const api = await resource("Deployment", "millrace-api");
  const { spec } = await resource("PodDisruptionBudget", "millrace-api");
  expect(spec.selector).toEqual(api.spec.selector);
  expect(api.spec.replicas - spec.maxUnavailable).toBeGreaterThan(0);
  expect((await podOf("millrace-worker")).pod.shareProcessNamespace).toBe(true);
});

test("[deploy.keda] scales by metrics that there are, with a key that there is", async () => {
  const { spec } = await resource("ScaledObject", "millrace-worker");
  await resource("Deployment", spec.scaleTargetRef.name as string);
  const service = await resource("Service", "millrace-api");
  const metrics = await renderMetrics(emptySnapshot());
  expect(spec.triggers).toHaveLength(4);
  for (const { name, metadata, authenticationRef } of spec.triggers) {
    const [type = "", state = ""] = name.split("_");
    expect(metadata.valueLocation).toBe(`millrace_jobs_${state}{type="${type}"}`);
    expect(metrics).toContain(`\n${metadata.valueLocation} 0\n`);
    expect(metadata.url).toBe(
      // KEDA asks from its own namespace.
      `http://${service.metadata.name}.default:${service.spec.ports[0].port}/metrics`,
    );
    const { spec: authentication } = await resource(
      "TriggerAuthentication",
      authenticationRef.name as string,
    );
    for (const { name: secret, key } of authentication.secretTargetRef) {
      expect((await resource("Secret", secret as string)).stringData).toHaveProperty([key]);
    }
  }
});

test("[deploy.keda] one worker is wanted for as many jobs, waiting or running, as it has places", async () => {
  const { scalingModifiers } = (await resource("ScaledObject", "millrace-worker")).spec.advanced;
  const { toolConcurrency, chatConcurrency } = parseWorkerConfig(
    (await podOf("millrace-worker")).environment,
  );
  expect(scalingModifiers).toEqual({
    formula:
      `max((tool_waiting + tool_running) / ${toolConcurrency}, ` +
      `(chat_waiting + chat_running) / ${chatConcurrency})`,
    target: "1",
    metricType: "AverageValue",
  });
  // What is applied again must not set back what the autoscaler has set.
  expect((await resource("Deployment", "millrace-worker")).spec).not.toHaveProperty("replicas");
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
