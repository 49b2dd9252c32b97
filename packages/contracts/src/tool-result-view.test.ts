import { expect, test } from "vitest";
import { UserBlock } from "./conversation.ts";
import type { ContentBlock } from "./tool-call.ts";
import { modelView } from "./tool-result-view.ts";

const PIXEL = "aGVsbG8gd29ybGQ=";
const LIMIT = 50 * 1_024;

function view(...content: ContentBlock[]) {
  const blocks = modelView({ content, structured_content: null });
  for (const block of blocks) UserBlock.parse(block);
  return blocks;
}

const text = (value: string) => ({ type: "text" as const, text: value });

const part = (letter: string) => text(letter.repeat(20_000));

function bytes(blocks: readonly UserBlock[]): number {
  return blocks.reduce((sum, block) => sum + (block.type === "text" ? Buffer.byteLength(block.text) : 0), 0);
}

test("[contract.view.blocks] text stays, and images and PDFs become what models look at", () => {
  const image = (media_type: string) => ({
    type: "image",
    source: { type: "base64", media_type, data: PIXEL },
  });
  const pdf = {
    type: "document",
    source: { type: "base64", media_type: "application/pdf", data: PIXEL },
  };
  const types = ["image/jpeg", "image/png", "image/gif", "image/webp"];
  expect(view(text("one"), ...types.map((mimeType) => ({ type: "image", data: PIXEL, mimeType })))).toEqual([
    text("one"),
    ...types.map(image),
  ]);
  const resource = { uri: "file:///a.pdf", mimeType: "application/pdf", blob: PIXEL };
  expect(view({ type: "resource", resource })).toEqual([pdf]);
  expect(view({ type: "resource", resource: { ...resource, mimeType: "image/png" } })).toEqual([
    image("image/png"),
  ]);
  expect(view({ type: "resource", resource: { uri: "file:///a.txt", text: "its text" } })).toEqual([
    text("its text"),
  ]);
  const lines = `${PIXEL.slice(0, 8)}\r\n${PIXEL.slice(8)}`;
  expect(view({ type: "image", data: lines, mimeType: "image/png" })).toEqual([image("image/png")]);
});

test.each([
  ["image/jpg", PIXEL, "image/jpeg"],
  ["image/PNG", PIXEL, "image/png"],
  ["image/png; charset=binary", PIXEL, "image/png"],
  ["application/pdf;x=y", PIXEL, "application/pdf"],
  ["image/gif", PIXEL.replace("=", ""), "image/gif"],
  ["image/webp", `data:image/webp;base64,${PIXEL}`, "image/webp"],
  [undefined, `data:image/jpg;name=a;base64,${PIXEL}`, "image/jpeg"],
])("[contract.view.spellings] an image of type %s with data %s is shown", (mimeType, data, media_type) => {
  const source = { type: "base64", media_type, data: PIXEL };
  expect(view({ type: "image", mimeType, data })).toMatchObject([{ source }]);
});

test.each<[string, ContentBlock, RegExp]>([
  ["audio", { type: "audio", data: PIXEL, mimeType: "audio/wav" }, /audio\/wav, 1 KB: cannot be shown/],
  ["an image of another type", { type: "image", data: PIXEL, mimeType: "image/tiff" }, /image\/tiff/],
  ["an image without a type", { type: "image", data: PIXEL }, /of unknown type/],
  ["an image without data", { type: "image", mimeType: "image/png" }, /cannot be read/],
  ["data that is no base64", { type: "image", data: "!no!", mimeType: "image/png" }, /cannot be read/],
  [
    "base64 that was cut",
    { type: "image", data: PIXEL.slice(0, 5), mimeType: "image/png" },
    /cannot be read/,
  ],
  ["base64 padded wrongly", { type: "image", data: "aGk==", mimeType: "image/png" }, /cannot be read/],
  [
    "an image that is too large",
    { type: "image", data: "A".repeat(5 * 1_024 * 1_024 + 4), mimeType: "image/png" },
    /3841 KB: too large/,
  ],
  [
    "a link",
    { type: "resource_link", uri: "file:///a", name: "a", title: "The a", description: "What a is" },
    /^\[Link: The a, file:\/\/\/a, What a is\]$/,
  ],
  ["a link to nothing", { type: "resource_link" }, /^\[Link: a resource, without an address\]$/],
  [
    "a resource of another type",
    { type: "resource", resource: { uri: "file:///a.zip", mimeType: "application/zip", blob: PIXEL } },
    /file:\/\/\/a\.zip, application\/zip/,
  ],
  ["an empty resource", { type: "resource" }, /empty resource/],
  ["an unknown block", { type: "hologram", data: PIXEL }, /"hologram", which cannot be shown/],
])("[contract.view.notes] %s becomes a short note, never base64", (_what, block, expected) => {
  const [only, ...rest] = view(block);
  expect(rest).toEqual([]);
  expect(only).toEqual(text(expect.stringMatching(expected) as unknown as string));
  expect(JSON.stringify(only)).not.toContain(PIXEL);
  expect(JSON.stringify(only).length).toBeLessThan(200);
});

test("[contract.view.structured] structured content is shown where there is no text, and nothing is said to be nothing", () => {
  const structured_content = { sum: 5 };
  expect(modelView({ content: [], structured_content })).toEqual([text('{"sum":5}')]);
  expect(modelView({ content: [text("")], structured_content })).toEqual([text('{"sum":5}')]);
  expect(modelView({ content: [text("5")], structured_content })).toEqual([text("5")]);
  const audio = { type: "audio", data: PIXEL, mimeType: "audio/wav" };
  expect(modelView({ content: [audio], structured_content })).toHaveLength(2);
  expect(view()).toEqual([text("(no content)")]);
  expect(view(text(" \n"))).toEqual([text("(no content)")]);
});

test("[contract.view.structured.base64] structured content is shown without the images in it", () => {
  const png = `iVBORw0KGgo${"A".repeat(3_000)}`;
  const sounds = { again: PIXEL, x: 1 };
  const audio = { type: "audio", data: PIXEL, mimeType: "audio/wav" };
  expect(modelView({ content: [audio], structured_content: sounds })).toEqual([
    text(expect.stringMatching(/audio\/wav/) as unknown as string),
    text('{"again":"[1 KB of base64 left out]","x":1}'),
  ]);
  for (const image of [png, `data:image/png;base64,${png}`]) {
    const structured_content = { parts: [{ image }], name: "iVBORw0KGgo" };
    expect(modelView({ content: [], structured_content })).toEqual([
      text('{"parts":[{"image":"[3 KB of base64 left out]"}],"name":"iVBORw0KGgo"}'),
    ]);
  }
});

test("[contract.view.cap] text of all blocks together is at most 50 KB: beginning, end, and how much is missing", () => {
  const exact = "x".repeat(LIMIT);
  expect(view(text(exact))).toEqual([text(exact)]);

  const lines = Array.from({ length: 20_000 }, (_unused, line) => `line ${line}`).join("\n");
  const blocks = view(text(lines));
  const [only] = blocks;
  if (only?.type !== "text") throw new Error("no text");
  expect(bytes(blocks)).toBeLessThanOrEqual(LIMIT);
  expect(bytes(blocks)).toBeGreaterThan(LIMIT - 200);
  const [head = "", missing = "", tail = ""] = only.text.split(/\n\[… (\d+) bytes left out …\]\n/);
  expect(lines.startsWith(head)).toBe(true);
  expect(lines.endsWith(tail)).toBe(true);
  expect(head.length + tail.length + Number(missing)).toBe(lines.length);
});

test("[contract.view.cap] a cut over several blocks keeps the first and the last, and the images between", () => {
  const image = { type: "image", data: PIXEL, mimeType: "image/png" };
  const blocks = view(part("a"), part("b"), image, part("c"), part("d"), part("e"));
  expect(blocks.map(({ type }) => type)).toEqual(["text", "text", "image", "text", "text"]);
  expect(bytes(blocks)).toBeLessThanOrEqual(LIMIT);
  const shown = JSON.stringify(blocks);
  expect(shown.match(/left out/g)).toHaveLength(1);
  expect(blocks[0]).toEqual(part("a"));
  expect(blocks.at(-1)).toEqual(part("e"));
});

test.each([0, 1, 2, 3])("[contract.view.cap] no character is cut in two (shifted by %i)", (shift) => {
  const given = "x".repeat(shift) + "😀é漢".repeat(10_000);
  const blocks = view(text(given));
  const [only] = blocks;
  if (only?.type !== "text") throw new Error("no text");
  expect(only.text).not.toContain("�");
  expect(only.text.isWellFormed()).toBe(true);
  const missing = Number(/… (\d+) bytes/.exec(only.text)?.[1]);
  const kept = only.text.replace(/\n\[….*…\]\n/, "");
  expect(Buffer.byteLength(kept) + missing).toBe(Buffer.byteLength(given));
  expect(bytes(blocks)).toBeLessThanOrEqual(LIMIT);
});
