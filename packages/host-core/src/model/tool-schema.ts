import type { Tool } from "@millrace/contracts";
import { foldSchema, UnfitSchemaError } from "./fold-schema.ts";
import type { ModelTool } from "./model.ts";
import { findDanglingRef, isSchemaObject, type JsonSchema } from "./schema-refs.ts";

export interface FittedTools {
  readonly tools: ModelTool[];
  /** Tools that no provider would take. One of them in a request fails all of it. */
  readonly leftOut: { name: string; reason: string }[];
}

type Fitted = { parameters: JsonSchema } | { reason: string };

/** What providers take as the name of a property. */
const FIT_PROPERTY = /^[A-Za-z0-9_.-]{1,64}$/;

/** A catalogue's schemas keep their identity for as long as they do not change. */
const known = new WeakMap<object, Fitted>();

/** Makes tools fit for every provider: the root of each schema is one object. The order stays. */
export function fitTools(tools: readonly Tool[]): FittedTools {
  const fitted: FittedTools = { tools: [], leftOut: [] };
  for (const { name, description, parameters } of tools) {
    const schema = fittedSchema(parameters);
    if ("reason" in schema) fitted.leftOut.push({ name, reason: schema.reason });
    else fitted.tools.push({ name, description, parameters: schema.parameters });
  }
  return fitted;
}

function fittedSchema(schema: JsonSchema): Fitted {
  if (!isSchemaObject(schema)) return { reason: "its schema is no object" };
  let fitted = known.get(schema);
  if (!fitted) {
    fitted = fit(schema);
    known.set(schema, fitted);
  }
  return fitted;
}

function fit(schema: JsonSchema): Fitted {
  try {
    const parameters = foldSchema(schema);
    const dangling = findDanglingRef(parameters);
    if (dangling !== undefined) return { reason: `"${dangling}" refers to nothing in its schema` };
    const odd = Object.keys(parameters["properties"] ?? {}).find((name) => !FIT_PROPERTY.test(name));
    if (odd !== undefined) return { reason: `providers refuse a property named ${JSON.stringify(odd)}` };
    return { parameters };
  } catch (error) {
    if (error instanceof UnfitSchemaError) return { reason: error.message };
    throw error;
  }
}
