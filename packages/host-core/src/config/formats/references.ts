import { isJsonObject } from "@millrace/contracts";

/** The variable that stands in for a question of VS Code's: `api-key` is answered by `API_KEY`. */
export function variableOfInput(id: string): string {
  return asVariable(id)
    .replace(/^(?=\d)/, "_")
    .toUpperCase();
}

function asVariable(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, "_");
}

/** Such as `${workspaceFolder:root}`; a `:-` has a default after it. */
const OTHER_REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*:(?!-)[^}]+)\}/g;

function translateText(text: string): string {
  return text
    .replaceAll(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, "${$1}")
    .replaceAll(/\$\{input:([^}]+)\}/g, (_reference, id: string) => `\${${variableOfInput(id)}}`)
    .replaceAll(OTHER_REFERENCE, (_reference, name: string) => `\${${asVariable(name)}}`);
}

/** Writes `${env:VAR}`, `${input:id}` and `${kind:name}` as our own `${VAR}`, in every text of a JSON value. */
export function translateReferences(value: unknown): unknown {
  if (typeof value === "string") return translateText(value);
  if (Array.isArray(value)) return value.map(translateReferences);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, translateReferences(part)]));
}
