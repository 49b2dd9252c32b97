import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { hasAtMostValues } from "./json-depth.ts";
import { boundedErrors } from "./problem.ts";

/** Where and why a value does not fit: `arguments.path`, `structured_content.edits[0].oldText`. */
export interface ArgumentError {
  path: string;
  message: string;
}

/** Compiles each schema once, for as long as somebody holds it. Null for a schema that cannot be compiled. */
class Validators {
  readonly #ajv: Ajv2020;
  readonly #compiled = new WeakMap<object, ValidateFunction | null>();

  constructor(allErrors: boolean) {
    this.#ajv = new Ajv2020({
      strict: false,
      allErrors,
      validateFormats: false,
      logger: false,
      addUsedSchema: false,
    });
  }

  for(schema: object): ValidateFunction | null {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = this.#compile(schema);
      this.#compiled.set(schema, validate);
    }
    return validate;
  }

  #compile(schema: object): ValidateFunction | null {
    try {
      // The dialect that a server names may be unknown to us; the keywords that matter are common to all.
      const { $schema: _dialect, $id: _id, ...keywords } = schema as Record<string, unknown>;
      const validate = this.#ajv.compile(keywords);
      // Ajv keeps every schema that it has seen; tools come and go, so only the WeakMap may hold them.
      this.#ajv.removeSchema(keywords);
      return validate;
    } catch {
      return null;
    }
  }
}

const thoroughValidators = new Validators(true);
// What is large may be wrong in a million places; the first says enough.
const quickValidators = new Validators(false);

/** Arguments of more values than this are checked up to the first error. */
const THOROUGH_VALUES_MAX = 10_000;

function readablePath(root: string, instancePath: string, property: unknown): string {
  const parts = instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (typeof property === "string") parts.push(property);
  return parts.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : `${path}.${part}`), root);
}

function check(validators: Validators, schema: object, root: string, value: unknown): ArgumentError[] {
  const validate = validators.for(schema);
  if (!validate || validate(value)) return [];
  const errors = (validate.errors ?? []).values().map((error) => ({
    path: readablePath(
      root,
      error.instancePath,
      error.params["missingProperty"] ?? error.params["additionalProperty"],
    ),
    message: error.message ?? "does not fit the schema",
  }));
  return boundedErrors(errors);
}

/**
 * Checks a tool call's arguments against the tool's own JSON Schema; large ones up to the first error.
 * A schema that cannot be compiled accepts everything: the server judges.
 */
export function checkToolArguments(schema: object, toolArguments: Record<string, unknown>): ArgumentError[] {
  const isSmall = hasAtMostValues(toolArguments, THOROUGH_VALUES_MAX);
  return check(isSmall ? thoroughValidators : quickValidators, schema, "arguments", toolArguments);
}

/**
 * Checks what a tool returned as `structuredContent` against its `outputSchema`, up to the first error.
 * A schema that cannot be compiled accepts everything.
 */
export function checkStructuredContent(
  schema: object,
  structuredContent: Record<string, unknown> | null,
): ArgumentError[] {
  if (structuredContent === null) {
    return [{ path: "structured_content", message: "is missing, and the tool has an output schema" }];
  }
  return check(quickValidators, schema, "structured_content", structuredContent);
}
