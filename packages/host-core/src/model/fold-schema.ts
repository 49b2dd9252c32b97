import { isDeepStrictEqual } from "node:util";
import { isSchemaObject, resolveRef, type JsonSchema } from "./schema-refs.ts";

/** The root cannot be made one object schema. */
export class UnfitSchemaError extends Error {
  override readonly name = "UnfitSchemaError";
}

/** The keywords of an object schema that folding merges. */
interface ObjectShape {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
  readonly isClosed: boolean;
}

/** Alternatives in alternatives; also keeps the recursion from growing too deep. */
const SCHEMAS_MAX = 1_000;

/** Merged, or refused at the root. */
const FOLDED: ReadonlySet<string> = new Set([
  "$schema",
  "$ref",
  "type",
  "properties",
  "required",
  "additionalProperties",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "enum",
  "const",
]);

const EMPTY: ObjectShape = { properties: {}, required: [], isClosed: false };

/**
 * A schema whose root is of type object and has no `anyOf`, `oneOf`, `allOf`, `not`, `enum` or `$ref`, which providers
 * refuse there. It may accept more than the schema that it was made of: the tool's own is what calls are checked by.
 * @throws UnfitSchemaError
 */
export function foldSchema(root: JsonSchema): JsonSchema {
  const { properties, required, isClosed } = new Folding(root).shapeOf(root);
  const kept = Object.entries(root).filter(([keyword]) => !FOLDED.has(keyword));
  return {
    ...Object.fromEntries(kept),
    type: "object",
    properties,
    ...(required.length === 0 ? {} : { required }),
    ...(isClosed ? { additionalProperties: false } : openness(root)),
  };
}

/** What the root says of further properties, unless it forbids those that an alternative adds. */
function openness({ additionalProperties }: JsonSchema): JsonSchema {
  const isKept = additionalProperties !== undefined && additionalProperties !== false;
  return isKept ? { additionalProperties } : {};
}

/** One root's alternatives. Each schema in it is looked at once, however often `$ref`s lead there. */
class Folding {
  readonly #root: JsonSchema;
  /** Null while a schema is being looked at: meeting it again means that it refers to itself. */
  readonly #shapes = new Map<JsonSchema, ObjectShape | null>();

  constructor(root: JsonSchema) {
    this.#root = root;
  }

  shapeOf(schema: JsonSchema): ObjectShape {
    const known = this.#shapes.get(schema);
    if (known) return known;
    if (known === null || this.#shapes.size > SCHEMAS_MAX) {
      throw new UnfitSchemaError("its alternatives are too many, or refer to themselves");
    }
    this.#shapes.set(schema, null);
    const shape = this.#look(schema);
    this.#shapes.set(schema, shape);
    return shape;
  }

  #look(schema: JsonSchema): ObjectShape {
    if (!mayBeObject(schema)) throw new UnfitSchemaError("its root is no object");
    const { $ref, allOf, anyOf, oneOf } = schema;
    const below = (part: unknown) => (isSchemaObject(part) ? this.shapeOf(part) : EMPTY);
    const all: ObjectShape[] = [ownShape(schema)];
    if (typeof $ref === "string") all.push(below(resolvedRef(this.#root, $ref)));
    if (Array.isArray(allOf)) all.push(...allOf.map(below));
    for (const alternatives of [anyOf, oneOf]) {
      if (Array.isArray(alternatives)) all.push(eitherOf(alternatives.filter(mayBeObject).map(below)));
    }
    return allOfThem(all);
  }
}

function resolvedRef(root: JsonSchema, ref: string): unknown {
  const found = resolveRef(root, ref);
  if (found === undefined) throw new UnfitSchemaError(`"${ref}" refers to nothing in it`);
  return found;
}

function mayBeObject(schema: unknown): boolean {
  if (!isSchemaObject(schema)) return schema === true;
  const { type } = schema;
  return type === undefined || type === "object" || (Array.isArray(type) && type.includes("object"));
}

function ownShape({ properties, required, additionalProperties }: JsonSchema): ObjectShape {
  return {
    properties: isSchemaObject(properties) ? properties : {},
    required: Array.isArray(required) ? required.filter((name) => typeof name === "string") : [],
    isClosed: additionalProperties === false,
  };
}

/** All of them hold. Closed only when nothing but one of them says anything. */
function allOfThem(shapes: readonly ObjectShape[]): ObjectShape {
  const telling = shapes.filter((shape) => !isDeepStrictEqual(shape, EMPTY));
  return {
    properties: mergeProperties(shapes, "allOf"),
    required: [...new Set(shapes.flatMap(({ required }) => required))],
    isClosed: telling.length > 0 && telling.every(({ isClosed }) => isClosed),
  };
}

/** One of them holds: required is what all of them require. */
function eitherOf(shapes: readonly ObjectShape[]): ObjectShape {
  const [first, ...rest] = shapes;
  if (!first) throw new UnfitSchemaError("none of its alternatives is an object");
  return {
    properties: mergeProperties(shapes, "anyOf"),
    required: first.required.filter((name) => rest.every(({ required }) => required.includes(name))),
    isClosed: shapes.every(({ isClosed }) => isClosed),
  };
}

function mergeProperties(
  shapes: readonly ObjectShape[],
  keyword: "allOf" | "anyOf",
): Record<string, unknown> {
  const all = shapes.flatMap(({ properties }) => Object.entries(properties));
  const byName = Map.groupBy(all, ([name]) => name);
  return Object.fromEntries(
    [...byName].map(([name, entries]) => {
      const different = entries
        .map(([, schema]) => schema)
        .filter((schema, at, list) => list.findIndex((other) => isDeepStrictEqual(other, schema)) === at);
      return [name, different.length === 1 ? different[0] : { [keyword]: different }];
    }),
  );
}
