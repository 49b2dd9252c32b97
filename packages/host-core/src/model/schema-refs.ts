export type JsonSchema = Readonly<Record<string, unknown>>;

/** What these hold is data: a `$ref` in it refers to nothing. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples"]);

export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema that a `$ref` means within `root`; undefined when it is elsewhere or nowhere. */
export function resolveRef(root: JsonSchema, ref: string): unknown {
  if (ref === "#") return root;
  if (ref.startsWith("#/")) return byPointer(root, ref.slice(2));
  return ref.startsWith("#") ? byAnchor(root, ref.slice(1)) : undefined;
}

/** JSON Pointer, RFC 6901, in a URI fragment. */
function byPointer(root: JsonSchema, pointer: string): unknown {
  let found: unknown = root;
  for (const part of pointer.split("/")) {
    const key = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<string, unknown>)[key];
  }
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A schema may have as many references as it has objects: it is searched once for all of them. */
const anchorsOf = new WeakMap<JsonSchema, ReadonlyMap<string, JsonSchema>>();

function byAnchor(root: JsonSchema, anchor: string): unknown {
  let anchors = anchorsOf.get(root);
  if (!anchors) {
    anchors = findAnchors(root);
    anchorsOf.set(root, anchors);
  }
  return anchors.get(anchor);
}

/** The first of each name counts. */
function findAnchors(root: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const anchors = new Map<string, JsonSchema>();
  for (const node of nodesOf(root)) {
    for (const name of [node["$anchor"], node["$dynamicAnchor"]]) {
      if (typeof name === "string" && !anchors.has(name)) anchors.set(name, node);
    }
  }
  return anchors;
}

/** The first `$ref` that does not lead to anything within the schema. */
export function findDanglingRef(root: JsonSchema): string | undefined {
  for (const node of nodesOf(root)) {
    for (const keyword of ["$ref", "$dynamicRef"]) {
      const ref = node[keyword];
      // An object there is a property that has this name.
      if (typeof ref === "string" && resolveRef(root, ref) === undefined) return ref;
    }
  }
  return undefined;
}

/** Every object within a schema. With a list in place of recursion, since no depth is too deep for a server. */
function* nodesOf(root: JsonSchema): Generator<JsonSchema> {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    // One by one: a spread has no place for a hundred thousand.
    if (Array.isArray(value)) for (const item of value) waiting.push(item);
    if (!isSchemaObject(value)) continue;
    yield value;
    for (const [key, child] of Object.entries(value)) if (!DATA_KEYWORDS.has(key)) waiting.push(child);
  }
}
