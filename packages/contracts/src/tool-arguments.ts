import { hasAtMostValues } from "./json-depth.ts";
import { boundedErrors, type ProblemDetailError } from "./problem.ts";
import { compileSchema, type SchemaCheckOptions, type SchemaValidator } from "./schema-validator.ts";

/** Compiles each schema once, for as long as somebody holds it. Null for a schema that cannot be compiled. */
class Validators {
  readonly #options: SchemaCheckOptions;
  readonly #compiled = new WeakMap<object, SchemaValidator | null>();

  constructor(options: SchemaCheckOptions) {
    this.#options = options;
  }

  for(schema: object): SchemaValidator | null {
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = compileSchema(schema, this.#options);
      this.#compiled.set(schema, validate);
    }
    return validate;
  }
}

const thoroughValidators = new Validators({ allErrors: true, isInput: true });
// What is large may be wrong in a million places; the first says enough.
const quickValidators = new Validators({ allErrors: false, isInput: true });
const outputValidators = new Validators({ allErrors: false, isInput: false });

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

function check(validators: Validators, schema: object, root: string, value: unknown): ProblemDetailError[] {
  const found = validators.for(schema)?.(value) ?? [];
  const errors = found.values().map((error) => ({
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
 * A schema that cannot be compiled accepts everything: the server judges. So it does about what is left out and has a
 * default.
 */
export function checkToolArguments(
  schema: object,
  toolArguments: Record<string, unknown>,
): ProblemDetailError[] {
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
): ProblemDetailError[] {
  if (structuredContent === null) {
    return [{ path: "structured_content", message: "is missing, and the tool has an output schema" }];
  }
  return check(outputValidators, schema, "structured_content", structuredContent);
}
