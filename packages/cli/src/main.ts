import { hideBin } from "yargs/helpers";
import { runCommandLine } from "./command-line.ts";
import { describeFailure } from "./failure.ts";
import { Output } from "./output/output.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever reads the output has read enough: `millrace jobs list | head`.
  if (error.code === "EPIPE") process.exit();
  const { message, exitCode } = describeFailure(Object.assign(error, { path: "The output" }));
  const { stdout, stderr } = process;
  new Output({ json: false, stdout, stderr }).error(message);
  process.exit(exitCode);
});

process.exitCode = await runCommandLine(hideBin(process.argv), process);
