import { CommandError } from "./failure.ts";

type Schema = Readonly<Record<string, unknown>>;

/**
 * Takes `key=value` words apart; a key may come several times.
 * @throws CommandError that names the word.
 */
export function splitWords(words: readonly string[]): Map<string, string[]> {
  const given = new Map<string, string[]>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1)
      throw new CommandError(`"${word}" is not key=value. Write it that way, or use --json-args.`);
    const key = word.slice(0, equals);
    given.set(key, [...(given.get(key) ?? []), word.slice(equals + 1)]);
  }
  return given;
}

/**
 * Arguments of a tool call from texts, each made what the tool's JSON Schema wants it to be. Several of one key make a
 * list. Whether they fit is judged by the api; only what cannot be read is refused.
 * @throws CommandError that names the key.
 */
export function readArguments(
  given: ReadonlyMap<string, readonly string[]>,
  parameters: Schema | null,
): Record<string, unknown> {
  const properties = asSchema(parameters?.["properties"]) ?? {};
  const entries = [...given].map(([key, texts]): [string, unknown] => [
    key,
    readProperty(key, texts, Object.hasOwn(properties, key) ? asSchema(properties[key]) : null, parameters),
  ]);
  return Object.fromEntries(entries);
}

/** @throws CommandError */
export function readJsonArguments(text: string): Record<string, unknown> {
  const value = parse(text);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new CommandError(`--json-args must be one JSON object, such as '{"path":"welcome.txt"}'.`);
}

function readProperty(
  key: string,
  texts: readonly string[],
  schema: Schema | null,
  root: Schema | null,
): unknown {
  const resolved = resolve(schema, root);
  const [first = "", ...more] = texts;
  const wantsList = typesOf(resolved, root).includes("array") && !first.startsWith("[");
  if (!wantsList && more.length === 0) return readValue(key, first, resolved, root);
  const items = asSchema(resolved?.["items"]);
  return texts.map((text) => readValue(key, text, wantsList ? resolve(items, root) : resolved, root));
}

function readValue(key: string, text: string, schema: Schema | null, root: Schema | null): unknown {
  const types = typesOf(schema, root);
  if (types.length === 0) return parse(text) ?? (text === "null" ? null : text);
  if (types.includes("null") && text === "null") return null;
  const value = parse(text);
  if (types.some((type) => isOfType(value, type))) return value;
  if (types.includes("string")) return text;
  throw new CommandError(`${key} must be ${types.join(" or ")}, but "${text}" is not.`);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "number":
    case "integer":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      // A word that looks like a number is a string where a string is wanted.
      return false;
  }
}

/** References that lead on for longer say nothing: they may lead back to where they stand. */
const REFERENCES_MAX = 10;

/** The types that a schema allows, of its alternatives too, which may lead back to it; none when it does not say. */
function typesOf(schema: Schema | null, root: Schema | null, seen = new Set<Schema>()): string[] {
  if (!schema || seen.has(schema)) return [];
  seen.add(schema);
  const { type, anyOf, oneOf, enum: values } = schema;
  const alternatives = [...asList(anyOf), ...asList(oneOf)].flatMap((each) =>
    typesOf(resolve(asSchema(each), root), root, seen),
  );
  const own = typeof type === "string" ? [type] : asList(type).map(String);
  const ofValues =
    own.length > 0 ? [] : asList(values).map((value) => (value === null ? "null" : typeof value));
  return [...new Set([...own, ...ofValues, ...alternatives])];
}

/** Follows `#/$defs/…`; what points elsewhere says nothing. */
function resolve(schema: Schema | null, root: Schema | null, depth = 0): Schema | null {
  const reference = schema?.["$ref"];
  if (typeof reference !== "string") return schema;
  if (!reference.startsWith("#/") || depth > REFERENCES_MAX) return null;
  let place: unknown = root;
  for (const part of reference.slice(2).split("/")) place = asSchema(place)?.[part];
  return resolve(asSchema(place), root, depth + 1);
}

function asSchema(value: unknown): Schema | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : null;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
