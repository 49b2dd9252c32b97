import { convertServers, flatPath } from "./convert-servers.ts";
import { variableOfInput } from "./references.ts";
import { isJsonObject, type JsonObject } from "@millrace/contracts";
import type { ConfigFormat } from "./format.ts";

const SERVERS_KEY = "servers";

function describeInputs({ inputs }: JsonObject): string[] {
  if (!Array.isArray(inputs) || inputs.length === 0) return [];
  const variables = inputs.flatMap((input: unknown) =>
    isJsonObject(input) && typeof input["id"] === "string" ? [variableOfInput(input["id"])] : [],
  );
  return [
    `inputs: nobody is asked; their values come from the environment (${[...new Set(variables)].join(", ")})`,
  ];
}

/** `{"servers": {name: {type, …}}, "inputs": […]}`, as VS Code has it in `.vscode/mcp.json`. */
export const vscodeFormat: ConfigFormat = {
  serversKey: SERVERS_KEY,
  convert: (file) => {
    const { inputs: _inputs, ...rest } = file;
    const converted = convertServers(rest, SERVERS_KEY);
    return { ...converted, warnings: [...describeInputs(file), ...converted.warnings] };
  },
  originalPath: (path) => flatPath(path, SERVERS_KEY),
};
