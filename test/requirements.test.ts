import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requirements } from "./requirements.ts";

const PROJECT = join(import.meta.dirname, "..");
const TEST_FILES = [
  "apps/*/{src,test}/**/*.test.ts",
  "packages/*/{src,test}/**/*.test.ts",
  "test/**/*.test.ts",
];

/** The quoted name of a test or a group, also of `test.skipIf(…)("…` and the like, with ids in brackets at its start. */
const CITING_NAME = /(?:\b(?:test|it|describe)(?:\.\w+)*|\))\(\s*["'`]((?:\[[^\]]*\]\s*)+)/g;
const ID = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/;

const citations = globSync(TEST_FILES, { cwd: PROJECT }).flatMap((file) =>
  citedIn(readFileSync(join(PROJECT, file), "utf8")).map((id) => ({ id, file })),
);

function citedIn(source: string): string[] {
  return [...source.matchAll(CITING_NAME)].flatMap(([, ids = ""]) =>
    [...ids.matchAll(/\[([^\]]*)\]/g)].map(([, id = ""]) => id),
  );
}

test("[testing.requirements.cited] every id that a test cites is a requirement", () => {
  const unknown = citations
    .filter(({ id }) => !(id in requirements))
    .map(({ id, file }) => `[${id}] in ${file}`);
  expect([...new Set(unknown)], "add these to test/requirements.ts, or correct the tests' names").toEqual([]);
});

test("[testing.requirements.cited] every requirement is cited by a test", () => {
  const cited = new Set(citations.map(({ id }) => id));
  const uncited = Object.keys(requirements).filter((id) => !cited.has(id));
  expect(uncited, "write a test that begins with the [id], or remove it from test/requirements.ts").toEqual(
    [],
  );
});

test("the ids of requirements are words joined by dots", () => {
  expect(Object.keys(requirements).filter((id) => !ID.test(id))).toEqual([]);
});
