import type { Argv } from "yargs";
import type { Context, GlobalOptions } from "../context.ts";

/** The command line so far: every command has these options. */
export type CommandLine = Argv<GlobalOptions>;

/** Makes a command of yargs from one of ours, which returns the exit code. */
export type Act = <Options>(
  command: (context: Context, options: Options) => Promise<number>,
) => (options: Options & GlobalOptions) => Promise<void>;
