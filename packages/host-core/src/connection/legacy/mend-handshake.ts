import { isJsonObject, type JsonObject } from "@millrace/contracts";
import { InitializeResultSchema, type JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";

const UNKNOWN = "unknown";
/** Members of the answer that cannot be left out. */
const REQUIRED: ReadonlySet<unknown> = new Set(["protocolVersion", "capabilities", "serverInfo"]);

/** Some write `true` for a capability without details, and languages without empty objects write `[]`. */
function withObjects(capabilities: unknown): unknown {
  if (Array.isArray(capabilities) && capabilities.length === 0) return {};
  if (!isJsonObject(capabilities)) return capabilities;
  return Object.fromEntries(
    Object.entries(capabilities).map(([name, value]) => [
      name,
      value === true || Array.isArray(value) ? {} : value,
    ]),
  );
}

function withNames(serverInfo: unknown): JsonObject {
  const { name, version, ...rest } = isJsonObject(serverInfo) ? serverInfo : {};
  return {
    ...rest,
    name: typeof name === "string" ? name : UNKNOWN,
    version: typeof version === "string" ? version : UNKNOWN,
  };
}

/** Whatever stands in a capability may be left out, and so may what stands in the rest. */
function optionalPart([first, ...rest]: readonly PropertyKey[]): PropertyKey[] {
  return first === undefined ? [] : [first, ...rest.slice(0, first === "capabilities" ? 2 : 1)];
}

function withoutPart(value: JsonObject, [first, ...rest]: readonly PropertyKey[]): JsonObject {
  const { [String(first)]: part, ...others } = value;
  return rest.length > 0 && isJsonObject(part)
    ? { ...others, [String(first)]: withoutPart(part, rest) }
    : others;
}

function mendResult(result: JsonObject): JsonObject {
  const filled: JsonObject = {
    ...result,
    capabilities: withObjects(result["capabilities"]),
    serverInfo: withNames(result["serverInfo"]),
  };
  const issues = InitializeResultSchema.safeParse(filled).error?.issues ?? [];
  const optional = issues.filter(({ path: [first, second] }) => !REQUIRED.has(first) || second !== undefined);
  return optional.reduce((mended, { path }) => withoutPart(mended, optionalPart(path)), filled);
}

/**
 * A server's answer to `initialize`, fit for the SDK's schema, which refuses a whole server for one odd member: what may
 * be missing is left out where it is of the wrong kind, and a server without a name or version gets one. Other messages
 * stay as they are.
 */
export function mendHandshake(message: JSONRPCMessage): JSONRPCMessage {
  if (!("result" in message) || !isJsonObject(message.result)) return message;
  return "protocolVersion" in message.result ? { ...message, result: mendResult(message.result) } : message;
}
