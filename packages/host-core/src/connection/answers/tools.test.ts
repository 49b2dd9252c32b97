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

function nested(depth: number): object {
  let value = {};
  for (let level = 0; level < depth; level += 1) value = { items: value };
  return value;
}

test("[host.list.deep] a tool whose definition nests too deep is left out alone, with a warning", async () => {
  const deep = { name: "deep", inputSchema: { type: "object", properties: nested(10_000) } };
  const hinted = { ...good("hinted"), annotations: nested(10_000) };
  const { listing } = await listTools(async () => ({ tools: [deep, hinted, good("a")] }));
  expect(listing.tools.map(({ name }) => name)).toEqual(["a"]);
  const reason = "it nests deeper than 100 levels";
  expect(listing.leftOut).toEqual([
    { tool: "deep", reason },
    { tool: "hinted", reason },
  ]);
  expect(listing.warnings).toEqual([
    `tool "deep" is left out: ${reason}`,
    `tool "hinted" is left out: ${reason}`,
  ]);
});

test("[host.list.large] a tool whose definition is too large is left out, and so is what all tools have too much together", async () => {
  const sized = (name: string, bytes: number) => ({ ...good(name), description: "x".repeat(bytes) });
  const huge = sized("n".repeat(300), 256 * 1_024);
  const many = Array.from({ length: 40 }, (_none, index) => sized(`t${index}`, 250 * 1_024));
  const { listing } = await listTools(async () => ({ tools: [huge, ...many] }));
  expect(listing.tools.map(({ name }) => name)).toEqual(many.slice(0, 32).map(({ name }) => name));
  const [first, ...others] = listing.leftOut;
  expect(first).toEqual({
    tool: "n".repeat(200),
    reason: expect.stringContaining("limit is 262144") as string,
  });
  expect(others.map(({ tool }) => tool)).toEqual(many.slice(32).map(({ name }) => name));
  expect(listing.warnings[1]).toMatch(/^8 tools are left out: .* more than 8388608 bytes$/);
});

test("[host.list.large.counted] tools that are left out or listed twice take nothing from what all may have together", async () => {
  const sized = (name: string, kibibytes: number) => ({
    ...good(name),
    description: "x".repeat(kibibytes * 1_024),
  });
  const many = Array.from({ length: 32 }, (_none, index) => sized(`t${index}`, 250));
  const doubles = Array.from({ length: 20 }, () => sized("t0", 250));
  const { listing } = await listTools(async () => ({
    tools: [...doubles, ...many, sized("too much", 250), sized("small", 100)],
  }));
  expect(listing.tools.map(({ name }) => name)).toEqual([...many.map(({ name }) => name), "small"]);
  expect(listing.leftOut.at(-1)?.tool).toBe("too much");
});

test("[host.list.pages] pages that lead back to one before them are cut, with a warning", async () => {
  const asked: (string | undefined)[] = [];
  const fetchPage = (cursor: string | undefined) => {
    asked.push(cursor);
    return Promise.resolve({ tools: [good(`tool_${asked.length}`)], nextCursor: cursor === "a" ? "b" : "a" });
  };
  const { listing } = await listTools(fetchPage);
  expect(asked).toEqual([undefined, "a", "b"]);
  expect(listing.tools).toHaveLength(3);
  expect(listing.warnings).toEqual([expect.stringContaining('repeats page "a"')]);
});

test.each([{}, { tools: { one: good("one") } }, { tools: null }])(
  "[host.list.none] an answer %j without a list is told of",
  async (answer) => {
    const { listing } = await listTools(() => Promise.resolve(answer));
    expect(listing.tools).toEqual([]);
    expect(listing.warnings).toEqual([expect.stringContaining("no list of tools")]);
  },
);

test("[host.list.pages] a page of very many entries is cut, and so are pages of very large ones", async () => {
  const { listing: wide } = await listTools(async () => ({
    tools: Array.from({ length: 300_000 }, () => null),
  }));
  expect(wide.leftOut).toHaveLength(10_000);
  expect(wide.warnings[0]).toContain("more than 10000 tools");
  const large = "x".repeat(1_024 * 1_024);
  let pages = 0;
  const { listing: heavy } = await listTools(async () => ({
    tools: [large],
    nextCursor: String((pages += 1)),
  }));
  expect(pages).toBe(33);
  expect(heavy.warnings).toContainEqual(expect.stringContaining("more than 33554432 characters"));
});
