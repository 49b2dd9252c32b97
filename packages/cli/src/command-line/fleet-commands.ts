import { listServers, listTools, listWorkers } from "../commands/fleet.ts";
import type { Act, CommandLine } from "./act.ts";
import { namedOrNone } from "./named.ts";

export function addFleetCommands(line: CommandLine, act: Act): CommandLine {
  return line
    .command("servers", "The MCP servers and their status", (command) => command, act(listServers))
    .command(
      "tools [server]",
      "The tools of all servers or of one; --json shows their schemas",
      (command) => command.positional("server", namedOrNone("The server's name")),
      act(listTools),
    )
    .command("workers", "The live workers", (command) => command, act(listWorkers));
}
