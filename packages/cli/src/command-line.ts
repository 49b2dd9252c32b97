import yargs, { type Argv } from "yargs";
import packageFile from "../package.json" with { type: "json" };
import type { Act } from "./command-line/act.ts";
import { addBatchCommands } from "./command-line/batch-commands.ts";
import { addFleetCommands } from "./command-line/fleet-commands.ts";
import { addJobCommands } from "./command-line/job-commands.ts";
import { addRunCommands } from "./command-line/run-commands.ts";
import { addScheduleCommands } from "./command-line/schedule-commands.ts";
import { text } from "./command-line/word.ts";
import { createContext, type GlobalOptions } from "./context.ts";
import { EXIT } from "./exit-code.ts";
import { CommandError, describeFailure } from "./failure.ts";
import { Output, type Streams } from "./output/output.ts";

const DEFAULT_URL = "http://127.0.0.1:8000";

const EPILOGUE = `Exit codes: 0 all went well; 1 a job failed or was cancelled; 2 the command, a file or the request is not right; 3 no server answers, or it cannot serve now; 130 Ctrl-C.

Without --url, MILLRACE_URL is used, or else ${DEFAULT_URL}. Without --api-key, MILLRACE_API_KEY is used.`;

const MISSING_WORDS = "Words are missing: %s given, at least %s needed.";

/** Runs one command to its end, and returns the exit code. Errors are one line on stderr. */
export async function runCommandLine(
  words: string[],
  { env: environment, stdout, stderr }: Streams & { env: NodeJS.ProcessEnv },
): Promise<number> {
  const streams = { stdout, stderr };
  let exitCode: number = EXIT.ok;
  const act: Act = (command) => async (options) => {
    const { url, apiKey = environment["MILLRACE_API_KEY"], json } = options;
    exitCode = await command(createContext({ url, apiKey, json }, streams), options);
  };
  try {
    await commandLine(words, environment, act).parseAsync();
    return exitCode;
  } catch (error) {
    const { message, exitCode: code } = describeFailure(error);
    new Output({ json: false, ...streams }).error(message);
    return code;
  }
}

function commandLine(words: string[], environment: NodeJS.ProcessEnv, act: Act): Argv<GlobalOptions> {
  const line = yargs(words)
    .scriptName("millrace")
    .usage("$0 COMMAND\n\nAgent and tool jobs on a fleet of workers.")
    .option("url", {
      ...text("url", "URL of the api"),
      default: environment["MILLRACE_URL"] || DEFAULT_URL,
      defaultDescription: "MILLRACE_URL",
    })
    .option("api-key", text("api-key", "An API key; better set MILLRACE_API_KEY"))
    .option("json", { type: "boolean", default: false, describe: "Print only JSON on stdout" });
  return [addRunCommands, addBatchCommands, addJobCommands, addFleetCommands, addScheduleCommands]
    .reduce((commands, add) => add(commands, act), line as Argv<GlobalOptions>)
    .completion("completion", "Print a script that completes commands in bash and zsh")
    .example('$0 chat "What does welcome.txt say?"', "")
    .example("$0 tool filesystem read_text_file path=welcome.txt", "")
    .example("$0 batch jobs.ndjson -o results.ndjson", "")
    .epilogue(EPILOGUE)
    .demandCommand(1, "Name a command.")
    .updateStrings({
      // yargs wants both forms here, which its types do not know.
      "Not enough non-option arguments: got %s, need at least %s": {
        one: MISSING_WORDS,
        other: MISSING_WORDS,
      } as unknown as string,
    })
    .recommendCommands()
    .strict()
    .version(packageFile.version)
    .alias("help", "h")
    .wrap(Math.min(process.stdout.columns ?? 100, 100))
    .exitProcess(false)
    .fail((message, error) => {
      // yargs wraps what an option's value has to say.
      throw error === undefined || error.name === "YError"
        ? new CommandError(`${asSentence(error?.message ?? message)} See millrace --help.`)
        : error;
    });
}

function asSentence(words: string): string {
  return /[.?!]$/.test(words) ? words : `${words}.`;
}
