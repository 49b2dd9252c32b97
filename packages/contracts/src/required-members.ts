import type { FuncKeywordDefinition, SchemaValidateFunction } from "ajv";

type JsonSchema = Readonly<Record<string, unknown>>;

function hasDefault({ properties }: JsonSchema, member: string): boolean {
  const schemas: object = Object(properties);
  const schema: unknown = Object.hasOwn(schemas, member) ? Reflect.get(schemas, member) : undefined;
  return typeof schema === "object" && schema !== null && "default" in schema;
}

export interface RequiredMembersOptions {
  /** Otherwise the first one that is missing says enough. */
  allErrors: boolean;
  /** A member with a default is missing. */
  onDefaulted: () => void;
}

/**
 * The keyword `required` for what is sent to a server: a member that has a `default` may be left out. Many schemas tell
 * of the arguments as they are after the server has filled in its defaults (zod's `toJSONSchema` does so unless it is
 * asked for the input), and call members required that nobody has to send.
 */
export function requiredMembers({ allErrors, onDefaulted }: RequiredMembersOptions): FuncKeywordDefinition {
  return {
    keyword: "required",
    type: "object",
    schemaType: "array",
    errors: true,
    // What is missing is told first, as Ajv's own does.
    before: "properties",
    compile: (required: readonly string[], parentSchema: JsonSchema) => {
      const defaulted = new Set(required.filter((member) => hasDefault(parentSchema, member)));
      const validate: SchemaValidateFunction = (value: JsonSchema) => {
        const missing = required.filter((member) => value[member] === undefined);
        const needed = missing.filter((member) => !defaulted.has(member));
        if (needed.length < missing.length) onDefaulted();
        validate.errors = needed.slice(0, allErrors ? needed.length : 1).map((missingProperty) => ({
          params: { missingProperty },
          message: `must have required property '${missingProperty}'`,
        }));
        return needed.length === 0;
      };
      return validate;
    },
  };
}
