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

function byAnchor(root: JsonSchema, anchor: string): unknown {
  for (const node of nodesOf(root)) {
    if (node["$anchor"] === anchor || node["$dynamicAnchor"] === anchor) return node;
  }
  return undefined;
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
    if (Array.isArray(value)) waiting.push(...value);
    if (!isSchemaObject(value)) continue;
    yield value;
    for (const [key, child] of Object.entries(value)) if (!DATA_KEYWORDS.has(key)) waiting.push(child);
  }
}
