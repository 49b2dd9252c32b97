import type { ConfigFormat } from "./format.ts";

/** `{"mcp_servers": {…}}`, as the JSON Schema describes it. */
export const ownFormat: ConfigFormat = {
  serversKey: "mcp_servers",
  convert: (config) => ({ config, warnings: [], errors: [] }),
  originalPath: (path) => path,
};
