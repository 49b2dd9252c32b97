import { sharedVariables } from "@millrace/contracts";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { STOP_MARGIN_SECONDS, textOf, type Parsed } from "./support/deployment.ts";

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
  "[deploy.image] the image of the %s has what it imports, readable to its user, and no more",
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
    // A clone may have been made with a umask that leaves its files to their owner alone.
    expect(stage(app)).toMatch(/^RUN chmod -R a\+rX .*\bpackage\*\.json apps config packages\nUSER node$/m);
    expect(stage(app)).toContain("HEALTHCHECK");
    expect(stage(app)).toContain(`CMD ["node", "apps/${app}/src/main.ts"]`);
  },
);

test("[deploy.compose] the composition wants keys, keeps its data, bounds its logs, and gives workers time to drain", async () => {
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
  for (const { logging } of Object.values<Parsed>(services))
    expect(logging.options).toEqual({ "max-size": expect.any(String), "max-file": expect.any(String) });
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
