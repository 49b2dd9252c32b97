import type { ImageBlock, UserBlock } from "./conversation.ts";
import { isMediaText, readMedia } from "./media-data.ts";
import type { ContentBlock } from "./tool-call.ts";

/** What a tool answered, as `tool.returned` keeps it. */
export interface ToolAnswer {
  readonly content: readonly ContentBlock[];
  readonly structured_content: Readonly<Record<string, unknown>> | null;
}

type ImageType = Extract<ImageBlock["source"], { type: "base64" }>["media_type"];

const IMAGE_TYPES: ReadonlySet<string> = new Set<ImageType>([
  "image/jpeg",
  "image/png",
  "image/gif",
  "image/webp",
]);

/** What providers accept of one image, in characters of its base64. */
const IMAGE_LENGTH_MAX = 5 * 1_024 * 1_024;

/** Text of one result, the note about what was left out included, in bytes of UTF-8. */
const TEXT_BYTES_MAX = 50 * 1_024;
const NOTE_BYTES = 100;
const HEAD_BYTES = (TEXT_BYTES_MAX - NOTE_BYTES) / 2;

/**
 * A tool's answer as a model gets it: never empty, text of at most 50 KB, and only what providers accept. The whole
 * answer stays in the job's log.
 */
export function modelView({ content, structured_content: structured }: ToolAnswer): UserBlock[] {
  const blocks = content.flatMap(viewBlock);
  const hasText = content.some((block) => block.type === "text" && viewBlock(block).length > 0);
  if (structured && !hasText) blocks.push({ type: "text", text: viewStructured(structured, content) });
  if (blocks.length === 0) return [{ type: "text", text: "(no content)" }];
  return capText(blocks);
}

/** Kinds of blocks: MCP specification, "Tool Result". */
function viewBlock(block: ContentBlock): UserBlock[] {
  switch (block.type) {
    case "text":
      return typeof block["text"] === "string" ? text(block["text"]) : [];
    case "image":
    case "audio":
      return viewMedia(block.type, block["mimeType"], block["data"]);
    case "resource":
      return viewResource(block["resource"]);
    case "resource_link": {
      const label = firstText(block["title"], block["name"]) ?? "a resource";
      const details = [block["mimeType"], block["description"]].filter((part) => firstText(part));
      return text(
        `[Link: ${[label, firstText(block["uri"]) ?? "without an address", ...details].join(", ")}]`,
      );
    }
    default:
      return text(`[A block of type "${block.type}", which cannot be shown]`);
  }
}

function viewResource(resource: unknown): UserBlock[] {
  if (typeof resource !== "object" || resource === null) return text("[An empty resource]");
  const fields = resource as Record<string, unknown>;
  if (typeof fields["text"] === "string") return text(fields["text"]);
  const label = `resource ${firstText(fields["uri"]) ?? "without an address"}`;
  return viewMedia(label, fields["mimeType"], fields["blob"]);
}

/** Base64 as the block that its type allows; what no model can look at is named and never passed on. */
function viewMedia(label: string, mimeType: unknown, data: unknown): UserBlock[] {
  const { mediaType, base64, kilobytes } = readMedia(mimeType, data);
  const note = (reason: string) =>
    text(`[${label}, ${mediaType ?? "of unknown type"}, ${kilobytes} KB: ${reason}]`);
  if (base64 === null) return note("its data cannot be read");
  if (mediaType !== null && IMAGE_TYPES.has(mediaType)) {
    if (base64.length > IMAGE_LENGTH_MAX) return note("too large to be shown");
    return [{ type: "image", source: { type: "base64", media_type: mediaType as ImageType, data: base64 } }];
  }
  if (mediaType === "application/pdf") {
    return [{ type: "document", source: { type: "base64", media_type: mediaType, data: base64 } }];
  }
  return note("cannot be shown");
}

/** Its JSON, with a note in the place of each image and the like: as text they are long and mean nothing. */
function viewStructured(structured: object, content: readonly ContentBlock[]): string {
  const repeated = new Set(content.map(dataOf).filter((data) => data !== null));
  return JSON.stringify(structured, (_key, value: unknown) => {
    if (typeof value !== "string" || !(repeated.has(value) || isMediaText(value))) return value;
    return `[${readMedia(null, value).kilobytes} KB of base64 left out]`;
  });
}

/** The base64 that a block carries. */
function dataOf(block: ContentBlock): string | null {
  const { data, resource } = block;
  if (typeof data === "string" && data !== "") return data;
  const blob = (resource as { blob?: unknown } | null | undefined)?.blob;
  return typeof blob === "string" && blob !== "" ? blob : null;
}

/** Providers refuse a text that is blank. */
function text(value: string): UserBlock[] {
  return value.trim() === "" ? [] : [{ type: "text", text: value }];
}

function firstText(...values: unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === "string" && value !== "");
}

/** Keeps the beginning and the end of all text together, and says between them how much is missing. */
function capText(blocks: readonly UserBlock[]): UserBlock[] {
  const encoder = new TextEncoder();
  const texts = blocks.map((block) => (block.type === "text" ? encoder.encode(block.text) : EMPTY));
  const total = texts.reduce((sum, bytes) => sum + bytes.length, 0);
  if (total <= TEXT_BYTES_MAX) return [...blocks];

  const headEnd = boundaryBefore(texts, HEAD_BYTES);
  const tailStart = boundaryBefore(texts, total - HEAD_BYTES + UTF8_BYTES_MAX - 1);
  const note = `\n[… ${tailStart - headEnd} bytes left out …]\n`;
  const decoder = new TextDecoder();
  let offset = 0;
  let isNoted = false;
  return blocks.flatMap((block, index) => {
    if (block.type !== "text") return [block];
    const bytes = texts[index] ?? EMPTY;
    const start = offset;
    offset += bytes.length;
    if (offset <= headEnd || start >= tailStart) return [block];
    const head = decoder.decode(bytes.subarray(0, Math.max(0, headEnd - start)));
    const tail = decoder.decode(bytes.subarray(Math.min(bytes.length, Math.max(0, tailStart - start))));
    const between = isNoted ? "" : note;
    isNoted = true;
    return text(head + between + tail);
  });
}

const EMPTY = new Uint8Array();
const UTF8_BYTES_MAX = 4;

/** The last place at or before `position` of the texts together that is not inside a character. */
function boundaryBefore(texts: readonly Uint8Array[], position: number): number {
  let start = 0;
  for (const bytes of texts) {
    if (position < start + bytes.length) {
      let place = position - start;
      // A continuation byte of UTF-8 begins with the bits 10.
      while (place > 0 && ((bytes[place] ?? 0) & 0b1100_0000) === 0b1000_0000) place -= 1;
      return start + place;
    }
    start += bytes.length;
  }
  return position;
}
