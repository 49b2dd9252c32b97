import { hideBin } from "yargs/helpers";
import { runCommandLine } from "./command-line.ts";

// Whoever reads the output has read enough: `millrace jobs list | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runCommandLine(hideBin(process.argv), process);
