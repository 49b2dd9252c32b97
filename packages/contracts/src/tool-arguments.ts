import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** Where and why the arguments do not fit: `arguments.path`, `arguments.edits[0].oldText`. */
export interface ArgumentError {
  path: string;
  message: string;
}

const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  validateFormats: false,
  logger: false,
  addUsedSchema: false,
});
const compiled = new WeakMap<object, ValidateFunction | null>();

function validatorFor(schema: object): ValidateFunction | null {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    try {
      // The dialect that a server names may be unknown to us; the keywords that matter are common to all.
      const { $schema: _dialect, $id: _id, ...keywords } = schema as Record<string, unknown>;
      validate = ajv.compile(keywords);
      // Ajv keeps every schema that it has seen; tools come and go, so only the WeakMap may hold them.
      ajv.removeSchema(keywords);
    } catch {
      validate = null;
    }
    compiled.set(schema, validate);
  }
  return validate;
}

function readablePath(instancePath: string, property: unknown): string {
  const parts = instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (typeof property === "string") parts.push(property);
  return parts.reduce(
    (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : `${path}.${part}`),
    "arguments",
  );
}

/**
 * Checks a tool call's arguments against the tool's own JSON Schema.
 * A schema that cannot be compiled accepts everything: the server judges.
 */
export function checkToolArguments(schema: object, toolArguments: Record<string, unknown>): ArgumentError[] {
  const validate = validatorFor(schema);
  if (!validate || validate(toolArguments)) return [];
  return (validate.errors ?? []).map((error) => ({
    path: readablePath(
      error.instancePath,
      error.params["missingProperty"] ?? error.params["additionalProperty"],
    ),
    message: error.message ?? "does not fit the schema",
  }));
}
