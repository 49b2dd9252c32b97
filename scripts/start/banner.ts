import type { StartSettings } from "./settings.ts";

/** The server that the examples call. */
const SERVER = "filesystem";

/** The path is relative to the folder that the server in config/mcp-servers.json may read. */
const JOB = {
  type: "tool",
  server: SERVER,
  tool: "read_text_file",
  arguments: { path: "welcome.txt" },
};

/** The demo model, which answers without a key, calls the tool that the message names. */
const CHAT = "read_text_file path=welcome.txt";

/**
 * What to do next, for somebody who has never seen this before: every command can be pasted as it stands. `servers` are
 * those that are connected, or null when that is not known.
 */
export function banner(
  { apiUrl, needsKey, redisUrl }: StartSettings,
  redis: string,
  servers: readonly string[] | null,
): string {
  const authorization = needsKey ? ` -H "authorization: Bearer $API_KEY"` : "";
  const hasExample = servers?.includes(SERVER) ?? true;
  const title = hasExample ? "Read a file through the filesystem server:" : "See the tools of your servers:";
  const first = hasExample
    ? [
        `  curl -s ${apiUrl}/jobs -H 'content-type: application/json' -H 'prefer: wait=30'${authorization} \\`,
        `    -d '${JSON.stringify(JOB)}'`,
      ]
    : [`  curl -s ${apiUrl}/mcp/tools${authorization}`];
  return [
    "",
    `Millrace is ready: ${apiUrl}`,
    `Documentation:     ${apiUrl}/docs`,
    "",
    title,
    "",
    ...(needsKey ? ["  export API_KEY=…   # the secret of one of your API keys"] : []),
    ...first,
    "",
    "Let a model do it, and watch it work:",
    "",
    `  curl -sN ${apiUrl}/chat -H 'content-type: application/json'${authorization} \\`,
    `    -d '${JSON.stringify({ message: hasExample ? CHAT : "Hello", stream: true })}'`,
    "",
    "Add a worker, in another terminal (with the same model keys, if there are any):",
    "",
    // A Redis of the user's own may have a password in its URL, which has no place in a log.
    `  REDIS_URL=${redisUrl === undefined ? redis : '"$REDIS_URL"'} npm run start:worker`,
    "",
    "Ctrl-C stops everything.",
    "",
  ].join("\n");
}
