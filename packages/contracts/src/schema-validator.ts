import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { canonicalJson } from "./canonical-json.ts";
import { BudgetExhaustedError, CheckBudget } from "./check-budget.ts";
import { countValues } from "./json-depth.ts";
import { LinearPatterns } from "./linear-patterns.ts";
import { requiredMembers } from "./required-members.ts";

/** What is wrong with a value. Source: Ajv's error object. */
type SchemaError = NonNullable<ValidateFunction["errors"]>[number];

/** What does not fit; empty for a value that fits, or of which nothing can be said for certain. */
export type SchemaValidator = (value: unknown) => readonly SchemaError[];

export interface SchemaCheckOptions {
  /** Otherwise a check ends with the first error. */
  allErrors: boolean;
  /** Of what is sent: the server fills in its defaults. */
  isInput: boolean;
}

/** Whose `items` may be a list. Every other schema is read as 2020-12, the dialect of MCP. */
const OLD_DIALECT = /draft-0\d\//;

/** How many steps of the budget it costs to compare one value with others. */
const STEPS_TO_COMPARE = 300;
/** More than the budget has steps for. */
const COMPARED_VALUES_MAX = 20_000;
/** How many it costs to find a text, a number or the like among those that are allowed. */
const STEPS_TO_FIND = 10;

/** Where these stand, an open question that is answered with yes can make a value unfit. */
const TURNING_KEYWORD = /"(?:not|if|oneOf|maxContains|patternProperties)":/;

/**
 * Compiles a JSON Schema that somebody else has written; null when that is impossible. A check is bounded in what
 * its patterns and comparisons cost. What references cost is not bounded: each one that is followed twice, in schemas
 * that do so in turn, doubles the work.
 */
export function compileSchema(schema: object, options: SchemaCheckOptions): SchemaValidator | null {
  // The dialect that is named may be unknown to Ajv; the keywords that matter are common to all. A validator that is
  // asynchronous would say of everything that it fits.
  const { $schema: dialect, $id: _id, $async: _async, ...keywords } = schema as Record<string, unknown>;
  const isOld = typeof dialect === "string" && OLD_DIALECT.test(dialect);
  for (const Dialect of isOld ? [Ajv] : [Ajv2020, Ajv]) {
    try {
      return createValidator(Dialect, keywords, options);
    } catch {
      // Without a name, it may be a schema of an older dialect.
    }
  }
  return null;
}

function createValidator(
  Dialect: typeof Ajv | typeof Ajv2020,
  schema: object,
  options: SchemaCheckOptions,
): SchemaValidator {
  const budget = new CheckBudget();
  const isTurning = TURNING_KEYWORD.test(JSON.stringify(schema));
  const validate = createAjv(Dialect, budget, options).compile(schema);
  return (value) => {
    budget.begin();
    try {
      if (validate(value)) return [];
    } catch (error) {
      // A schema that refers to itself without end, a value that is too deep, or too much to look at.
      if (error instanceof RangeError || error instanceof BudgetExhaustedError) return [];
      throw error;
    }
    return budget.hasOpenQuestion && isTurning ? [] : (validate.errors ?? []);
  };
}

/** One for each schema: an instance of Ajv holds all that it has compiled, and tools come and go. */
function createAjv(
  Dialect: typeof Ajv | typeof Ajv2020,
  budget: CheckBudget,
  { allErrors, isInput }: SchemaCheckOptions,
) {
  const patterns = new LinearPatterns(budget);
  const regExp = Object.assign((pattern: string) => patterns.compile(pattern), { code: "linearPattern" });
  const ajv = new Dialect({
    strict: false,
    allErrors,
    validateFormats: false,
    logger: false,
    // To compile the schema of schemas takes thirty times as long as a tool's own.
    meta: false,
    validateSchema: false,
    code: { regExp },
  });
  // Of draft-04; Ajv refuses a schema that has it.
  ajv.removeKeyword("id");
  if (isInput) {
    ajv.removeKeyword("required");
    ajv.addKeyword(requiredMembers({ allErrors, onDefaulted: () => budget.leaveOpen() }));
  }
  // Ajv compares each item with each other one.
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    validate: (isWanted: boolean, items: unknown[]) => !isWanted || areUnique(items, budget),
    error: { message: "must not have the same item twice" },
  });
  // Ajv compares each value with each that is allowed.
  ajv.removeKeyword("enum");
  return ajv.addKeyword({
    keyword: "enum",
    schemaType: "array",
    compile: (allowed: unknown[]) => compileEnum(allowed, budget),
    error: { message: "must be equal to one of the allowed values" },
  });
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** @throws Error for an empty list: what is meant by it is the server's to say. */
function compileEnum(allowed: unknown[], budget: CheckBudget): (value: unknown) => boolean {
  if (allowed.length === 0) throw new Error("enum must allow something");
  const plain = new Set(allowed.filter((value) => !isObject(value)));
  const objects = new Set(allowed.filter(isObject).map(canonicalJson));
  return (value) => {
    if (!isObject(value)) return !budget.spend(STEPS_TO_FIND) || plain.has(value);
    if (objects.size === 0) return false;
    return !canCompare(value, budget) || objects.has(canonicalJson(value));
  };
}

/** Whether the budget allows it; if not, the question is left open. */
function canCompare(value: unknown, budget: CheckBudget): boolean {
  return budget.spend(countValues(value, COMPARED_VALUES_MAX) * STEPS_TO_COMPARE);
}

function areUnique(items: unknown[], budget: CheckBudget): boolean {
  if (!canCompare(items, budget)) return true;
  return new Set(items.map(canonicalJson)).size === items.length;
}
