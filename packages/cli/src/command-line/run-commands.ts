import { runChat } from "../commands/chat.ts";
import { runTool } from "../commands/tool.ts";
import type { Act, CommandLine } from "./act.ts";
import { named } from "./named.ts";
import { positiveNumber, seconds } from "./positive-number.ts";
import { choice, text, texts } from "./word.ts";

const POLICIES = ["never", "destructive", "always"] as const;
const approval = choice("approval", POLICIES, "Which tool calls wait for an approval");
const timeout = seconds("timeout", "Seconds that the job may take");

export function addRunCommands(line: CommandLine, act: Act): CommandLine {
  return line
    .command(
      "tool <server> <tool> [arguments..]",
      "Call a tool and print its answer",
      (command) =>
        command
          .positional("server", named("The server's name", "millrace servers"))
          .positional("tool", named("The tool's name", "millrace tools"))
          .positional("arguments", {
            type: "string",
            array: true,
            describe:
              "key=value; each value is read as the tool's schema says, or without a schema as JSON or text",
          })
          .option("json-args", text("json-args", "The arguments as a JSON object"))
          .option("approval", approval)
          .option("timeout", timeout)
          .example("$0 tool filesystem read_text_file path=welcome.txt", "")
          .example(`$0 tool everything get-sum --json-args '{"a":1,"b":2}'`, ""),
      act(runTool),
    )
    .command(
      "chat [message..]",
      "Give a model a task, and show its answer and its tool calls as they come",
      (command) =>
        command
          .positional("message", {
            type: "string",
            array: true,
            describe: "Read from stdin when left out",
          })
          .option("model", text("model", "A model's alias, as in the models file"))
          .option("system", text("system", "Instructions for the model"))
          .option("server", texts("server", "Only this server's tools; may be repeated"))
          .option("tools", {
            type: "boolean",
            default: true,
            describe: "--no-tools: plain chat, without tools",
          })
          .option("max-turns", positiveNumber("max-turns", "How many turns may ask for tools"))
          .option("continue", text("continue", "Id of a chat job, whose conversation goes on"))
          .option("approval", approval)
          .option("timeout", timeout)
          .example('$0 chat "What does welcome.txt say?" --server filesystem', "")
          .example("answer=$($0 chat < question.txt)", "Piped, it prints the answer alone"),
      act(runChat),
    );
}
