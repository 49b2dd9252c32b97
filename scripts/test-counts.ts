import { readFileSync } from "node:fs";

/** What is used of the file that vitest's json reporter writes. */
interface TestResults {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

/**
 * Prints "<passed> <failed>" from a results file. A test file that failed although none of its tests did counts as one
 * failure: it could not be loaded, or left something open.
 */
const results = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as TestResults;
const failedFiles = results.testResults.filter(
  ({ status, assertionResults }) =>
    status === "failed" && assertionResults.every((assertion) => assertion.status !== "failed"),
);
console.log(`${results.numPassedTests} ${results.numFailedTests + failedFiles.length}`);
