import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { requirements } from "./requirements.ts";

const PROJECT = join(import.meta.dirname, "..");
const DOCUMENTS = ["README.md", ...globSync("docs/**/*.md", { cwd: PROJECT })];
const PROMISES = "docs/guarantees.md";
/** Names the types of events, which look like the ids of tests. */
const EVENTS = "docs/events.md";

const text = (path: string) => readFileSync(join(PROJECT, path), "utf8");

/** What GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

const anchorsOf = (path: string) =>
  [...text(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));

/** Null when the link leads somewhere; those that leave the project are not followed. */
function wrongLink(document: string, link: string): string | null {
  if (/^[a-z]+:/.test(link)) return null;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(PROJECT, target))) return `${document}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith(".md") || anchorsOf(target).includes(anchor)) return null;
  return `${document}: ${target} has no heading for #${anchor}`;
}

test("[testing.documents.links] every link between documents leads to a file, and to a heading in it", () => {
  const links = DOCUMENTS.flatMap((document) =>
    [...text(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => ({ document, link })),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(links.map(({ document, link }) => wrongLink(document, link)).filter((wrong) => wrong)).toEqual([]);
});

test("[testing.documents.promises] every promise names a test that there is", () => {
  const [, promised = ""] = /\n## Promised\n(.*?)\n## /s.exec(text(PROMISES)) ?? [];
  const rows = promised.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| promise"));
  const promises = rows
    .filter((row) => !row.startsWith("| ---"))
    .map((row) => ({ row, ids: [...row.matchAll(/`([a-z_]+\.[\w.-]+)`/g)].map(([, id = ""]) => id) }));
  expect(promises.length).toBeGreaterThan(20);
  expect(promises.filter(({ ids }) => ids.length === 0).map(({ row }) => row)).toEqual([]);
  const isKnown = (id: string) => id in requirements || text(EVENTS).includes(`\`${id}\``);
  const named = [...text(PROMISES).matchAll(/`([a-z_]+\.[\w.-]+)`/g)].map(([, id = ""]) => id);
  expect(named.filter((id) => !isKnown(id))).toEqual([]);
});
