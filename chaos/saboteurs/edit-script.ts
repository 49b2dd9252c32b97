import { Redis } from "ioredis";
import { wrapMethod } from "./wrap-method.ts";

type Definition = Parameters<Redis["defineCommand"]>[1];

/**
 * From now on a Lua script reaches Redis in another form. Call it before the program opens connections.
 * @throws Error, when the script is defined, if it does not hold what is to be replaced.
 */
export function editScript(name: string, edits: readonly (readonly [from: string, to: string])[]): void {
  wrapMethod(Redis.prototype, "defineCommand", (define) => (command: string, definition: Definition) => {
    if (command !== name) return define(command, definition);
    let { lua } = definition;
    for (const [from, to] of edits) {
      if (!lua.includes(from)) throw new Error(`${name} does not hold ${JSON.stringify(from)}`);
      lua = lua.replaceAll(from, () => to);
    }
    return define(command, { ...definition, lua });
  });
}
