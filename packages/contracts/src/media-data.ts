/** Other names by which servers call a type. */
const OTHER_NAMES = new Map([["image/jpg", "image/jpeg"]]);

/** A data URL (RFC 2397), up to where its base64 begins. */
const DATA_URL = /^data:([^,]*);base64,/i;

/** How the base64 of images (PNG, JPEG, GIF, RIFF), PDFs and MP3 files begins. */
const MEDIA_START = /^(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|JVBERi0|SUQz)/;
/** A shorter text that begins like media is a text. */
const MEDIA_LENGTH_MIN = 64;

/** Binary data of a tool's answer. */
export interface MediaData {
  /** Lower case, without parameters; null where nothing tells it. */
  readonly mediaType: string | null;
  /** Padded, without white space; null where the data cannot be read. */
  readonly base64: string | null;
  /** How large what was given is. */
  readonly kilobytes: number;
}

/** Reads a type and base64 in the spellings that servers use: parameters, capitals, data URLs, no padding. */
export function readMedia(mimeType: unknown, data: unknown): MediaData {
  const given = typeof data === "string" ? data.trimStart() : "";
  const prefix = DATA_URL.exec(given);
  // Line breaks are usual in base64 that comes from mail libraries.
  const characters = given.slice(prefix?.[0].length ?? 0).replaceAll(/\s/g, "");
  return {
    mediaType: essence(mimeType) ?? essence(prefix?.[1]),
    base64: padded(characters),
    kilobytes: Math.ceil((characters.length * 3) / 4 / 1_024),
  };
}

/** Whether a text is an image or the like in base64. */
export function isMediaText(value: string): boolean {
  if (value.length < MEDIA_LENGTH_MIN) return false;
  if (!DATA_URL.test(value) && !MEDIA_START.test(value)) return false;
  return readMedia(null, value).base64 !== null;
}

/** The type alone, without parameters (RFC 2045). */
function essence(mimeType: unknown): string | null {
  if (typeof mimeType !== "string") return null;
  const name = (mimeType.split(";", 1)[0] ?? "").trim().toLowerCase();
  return name === "" ? null : (OTHER_NAMES.get(name) ?? name);
}

function padded(characters: string): string | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(characters)) return null;
  const base64 = characters.endsWith("=")
    ? characters
    : characters.padEnd(Math.ceil(characters.length / 4) * 4, "=");
  return base64.length % 4 === 0 && !base64.endsWith("===") ? base64 : null;
}
