/**
 * The settings of this process. Null when some are wrong: stderr says which, and the process will exit with code 1.
 */
export function readConfig<Config>(parse: (environment: NodeJS.ProcessEnv) => Config): Config | null {
  try {
    return parse(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
    return null;
  }
}
