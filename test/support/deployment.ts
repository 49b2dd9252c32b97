import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { parseAllDocuments } from "yaml";

const PROJECT = join(import.meta.dirname, "../..");
const KUBERNETES = "deploy/kubernetes";

/** What a worker takes beyond its drain timeout, in seconds: `STOP_MARGIN_MS` of its `main.ts`. */
export const STOP_MARGIN_SECONDS = 10;

/** Parsed YAML, of which a test knows the form. */
// oxlint-disable-next-line typescript/no-explicit-any -- unknown would have to be narrowed at each step into it
export type Parsed = any;

export async function textOf(file: string): Promise<string> {
  return await readFile(join(PROJECT, file), "utf8");
}

/** Everything that the manifests describe. */
async function resources(): Promise<Parsed[]> {
  const files = (await readdir(join(PROJECT, KUBERNETES))).filter((file) => file.endsWith(".yaml"));
  const texts = await Promise.all(files.map((file) => textOf(`${KUBERNETES}/${file}`)));
  return texts.flatMap((text) =>
    parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS();
    }),
  );
}

export async function resource(kind: string, name: string): Promise<Parsed> {
  const found = (await resources()).find((one) => one.kind === kind && one.metadata.name === name);
  expect(found, `${kind} ${name}`).toBeDefined();
  return found;
}

export async function podOf(
  name: string,
): Promise<{ pod: Parsed; container: Parsed; environment: Record<string, string> }> {
  const pod = (await resource("Deployment", name)).spec.template.spec;
  const [container] = pod.containers;
  const entries = container.env.map((one: Parsed) => [one.name, one.value]);
  return { pod, container, environment: Object.fromEntries(entries) };
}
