import { expect, test } from "vitest";
import { listTools } from "./tools.ts";

const good = (name: string) => ({ name, inputSchema: { type: "object" } });

test("[host.list.pages] all pages are read", async () => {
  const {
    listing: { tools, warnings },
  } = await listTools(async (cursor) =>
    cursor === undefined ? { tools: [good("a")], nextCursor: "2" } : { tools: [good("b")] },
  );
  expect(tools.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(warnings).toEqual([]);
});

test("[host.list.pages] a list without end is cut, with a warning", async () => {
  let page = 0;
  const { listing: endless } = await listTools(async () => ({
    tools: [good(`t${page}`)],
    nextCursor: String((page += 1)),
  }));
  expect(endless.tools).toHaveLength(200);
  expect(endless.warnings).toEqual([expect.stringContaining("more than 200 pages")]);
  const { listing: circle } = await listTools(async () => ({ tools: [], nextCursor: "again" }));
  expect(circle.warnings).toEqual([expect.stringContaining('repeats page "again"')]);
});

test("[host.list.bad_tool] odd hints and doubles do no harm", async () => {
  const odd = { ...good("a"), description: 7, annotations: "none", outputSchema: null };
  const {
    listing: { tools, warnings },
  } = await listTools(async () => ({ tools: [odd, good("a")] }));
  expect(tools).toEqual([
    {
      name: "a",
      description: null,
      inputSchema: { type: "object" },
      outputSchema: null,
      annotations: null,
    },
  ]);
  expect(warnings).toEqual(['tool "a" is listed twice; the first one is used']);
});
