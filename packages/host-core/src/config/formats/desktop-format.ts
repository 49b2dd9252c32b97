import { convertServers, flatPath } from "./convert-servers.ts";
import type { ConfigFormat } from "./format.ts";

const SERVERS_KEY = "mcpServers";

/** `{"mcpServers": {name: {command, args, env} | {type, url, headers}}}`, as Claude Desktop, Cursor and others have it. */
export const desktopFormat: ConfigFormat = {
  serversKey: SERVERS_KEY,
  convert: (file) => convertServers(file, SERVERS_KEY),
  originalPath: (path) => flatPath(path, SERVERS_KEY),
};
