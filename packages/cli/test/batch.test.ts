import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Batch, BatchResult } from "@millrace/contracts";
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { startInstallation, type Installation } from "../../../test/support/installation.ts";
import { fixtureServer } from "../../../test/support/mcp-servers.ts";
import { approveHeld, heldLine, line } from "./support/batch-lines.ts";
import { runHere } from "./support/run-here.ts";
import { runCli, startCli, startCommand, type Ended } from "./support/start-cli.ts";

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 });

let installation: Installation;
let url: string;
let folder: string;

beforeAll(async () => {
  installation = await startInstallation({ redisUrl: inject("redisUrl"), servers: [fixtureServer()] });
  await installation.api.client.untilConnected(1);
  url = installation.api.url;
  folder = await mkdtemp(join(tmpdir(), "millrace-cli-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await installation.close();
});

const names = (count: number) => Array.from({ length: count }, (_, index) => `line-${index}`);

/** A file of jobs, and where its results go. */
async function files(name: string, lines: string[]) {
  const file = join(folder, `${name}.ndjson`);
  const output = join(folder, `${name}.results.ndjson`);
  await writeFile(file, lines.join(""));
  const results = async () => parse(await readFile(output, "utf8"));
  return { file, output, results, words: ["batch", file, "-o", output] };
}

function parse(text: string): BatchResult[] {
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text.split("\n").flatMap((each) => (each === "" ? [] : [JSON.parse(each) as BatchResult]));
}

/** Runs a line of shell, in which `"$0" "$1"` is the program and `"$2"` the file. */
async function inShell(script: string, file: string): Promise<Ended> {
  const program = fileURLToPath(new URL("../bin/millrace.js", import.meta.url));
  const words = ["-c", script, process.execPath, program, file];
  return await startCommand("sh", words, { url, input: "" }).ended;
}

test("[cli.batch] runs every job of a file, appends the results, and is quiet when it is piped", async () => {
  const { words, results } = await files(
    "good",
    names(20).map((_, index) => line(index)),
  );
  expect(await runCli(words, { url })).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await results()).map(({ custom_id }) => String(custom_id)).toSorted()).toEqual(
    names(20).toSorted(),
  );
  // The same again finds that all is there.
  const again = await runHere([...words, "--json"], url);
  expect(again).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(again.stdout) as Batch).toMatchObject({ counts: { completed: 20 } });
  expect(await results()).toHaveLength(20);
});

test.for([
  [[], "The same command"],
  [["--restart"], "The same command without --restart"],
] as const)(
  "[cli.batch.resume] after Ctrl-C of %j %s goes on, and each result comes once",
  async ([more, same]) => {
    // The last job waits for somebody's word, so the batch cannot end before it is stopped.
    const lines = [...names(10).map((_, index) => line(index)), heldLine(10)];
    const { words, output, results } = await files(`stopped${more.length}`, lines);
    const first = startCli([...words, ...more], { url, input: "" });
    const known = async () =>
      existsSync(output) ? (await readFile(output, "utf8")).split("\n").length - 1 : 0;
    await vi.waitFor(async () => expect(await known()).toBe(10), { timeout: 60_000 });
    first.child.kill("SIGINT");
    const { code, stdout, stderr } = await first.ended;
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr).toMatch(/^Stopped following batch_\w+, which goes on\. .*\n$/);
    expect(stderr).toContain(`. ${same} goes on where it was.`);
    // As when the machine had died in the middle of a write.
    await appendFile(output, '{"cursor":"cut off');
    await approveHeld(installation.api.client);
    expect((await runHere(words, url)).code).toBe(0);
    expect((await results()).map(({ custom_id }) => String(custom_id)).toSorted()).toEqual(
      names(11).toSorted(),
    );
  },
);

test("[cli.batch.exit] failed jobs and rejected lines are told, and the exit code is 1", async () => {
  const lines = [line(0), line(1, { tool: "fail" }), "no json\n", line(2, { tool: "nothing" })];
  const { words, results } = await files("bad", lines);
  const { code, stdout, stderr } = await runHere(words, url);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^Line 3: .*\nLine 4: .*unknown_tool\)\nbatch_\w+: 1 completed, 1 failed, 0 cancelled, 2 rejected: /,
  );
  expect((await results()).map(({ status }) => status).toSorted()).toEqual(["completed", "failed"]);
});

test("[cli.batch.output] results of another batch are never mixed up or overwritten", async () => {
  const { words, file, output, results } = await files("other", [line(0)]);
  expect((await runHere(words, url)).code).toBe(0);
  await appendFile(file, line(1));
  const changed = await runHere(words, url);
  expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining("--restart") as string });
  expect(await results()).toHaveLength(1);
  expect((await runHere([...words, "--restart"], url)).code).toBe(0);
  expect(await results()).toHaveLength(2);
  await writeFile(`${output}.notes`, "mine\n");
  const foreign = await runHere(["batch", file, "-o", `${output}.notes`], url);
  expect(foreign).toMatchObject({ code: 2, stderr: expect.stringContaining("exists already") as string });
});

test("[cli.batch.output.place] --restart writes through a link, and never over the jobs themselves", async () => {
  const { file, output, words, results } = await files("place", [line(0)]);
  const link = join(folder, "place.link");
  await symlink(output, link);
  const linked = ["batch", file, "-o", link];
  expect((await runHere(linked, url)).code).toBe(0);
  // By its own name it is the same output.
  expect((await runHere(words, url)).code).toBe(0);
  expect(await results()).toHaveLength(1);
  const [before] = await results();
  expect((await runHere([...linked, "--restart"], url)).code).toBe(0);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await results()).toHaveLength(1);
  expect((await results())[0]?.job_id).not.toBe(before?.job_id);
  const itself = join(folder, "place.itself");
  await symlink(file, itself);
  for (const same of [file, itself]) {
    const refused = await runHere(["batch", file, "-o", same, "--restart"], url);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^millrace: .* is the file of the jobs itself\. .+\n$/);
  }
  expect(await readFile(file, "utf8")).toBe(line(0));
});

test("[cli.batch.output.pipe] results go to a named pipe, or the shell's own, and nothing is left beside it", async () => {
  const { file } = await files("to-pipe", [line(0), line(1)]);
  const pipe = join(folder, "to-pipe.results");
  await startCommand("mkfifo", [pipe], { url }).ended;
  const reader = startCommand("cat", [pipe], { url, input: "" });
  const named = await runCli(["batch", file, "-o", pipe], { url });
  expect(named).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(parse((await reader.ended).stdout)).toHaveLength(2);
  const own = await inShell('"$0" "$1" batch "$2" -o /dev/stdout | cat', file);
  expect(own.stderr).toBe("");
  expect(parse(own.stdout)).toHaveLength(2);
  expect((await readdir(folder)).filter((name) => name.startsWith("to-pipe"))).toEqual([
    "to-pipe.ndjson",
    "to-pipe.results",
  ]);
});

test("[cli.batch.refusal] what the api refuses of a batch that is known from before is told with its cure", async () => {
  const { words, output } = await files("known", [line(0)]);
  const state = `${output}.millrace.json`;
  expect((await runHere(words, url)).code).toBe(0);
  const known = JSON.parse(await readFile(state, "utf8")) as object;
  for (const [more, changed, cure] of [
    [
      ["--concurrency", "2"],
      { batch_id: null },
      "another --concurrency. Give the same one again, or --restart",
    ],
    [
      [],
      { batch_id: "batch_none" },
      "no longer exists, or belongs to another api key. Give that key, or --restart",
    ],
  ] as const) {
    await writeFile(state, JSON.stringify({ ...known, ...changed }));
    const refused = await runHere([...words, ...more], url);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(`millrace: The batch of ${output} `);
    expect(refused.stderr).toContain(cure);
  }
});

test("[cli.batch.pipe] reads stdin and writes stdout", async () => {
  const { code, stdout, stderr } = await runCli(["batch", "-"], { url, input: line(0) + line(1) });
  expect([code, stderr]).toEqual([0, ""]);
  expect(
    parse(stdout)
      .map(({ custom_id }) => String(custom_id))
      .toSorted(),
  ).toEqual(names(2));
});

test("[cli.batch.pipe] reads a file that is a pipe, which can be read only once", async () => {
  const { file } = await files("piped", [line(0), line(1)]);
  const { code, stdout, stderr } = await inShell('cat "$2" | "$0" "$1" batch /dev/stdin', file);
  expect([code, stderr]).toEqual([0, ""]);
  expect(parse(stdout)).toHaveLength(2);
});

test("[cli.batch.whole] lines that do not arrive are an error; those with nothing on them are none", async () => {
  const { file, words } = await files("whole", [line(0), " \t\r\n", "\n", line(1)]);
  expect((await runHere(words, url)).code).toBe(0);
  const api = createServer((request, response) => {
    request.resume().once("end", () => {
      if (request.url !== "/batches") response.statusCode = 404;
      response.end(JSON.stringify({ id: "batch_half", accepted: 1, rejected: 0, rejections: [] }));
    });
  }).listen(0, "127.0.0.1");
  await once(api, "listening");
  onTestFinished(() => api.close().closeAllConnections());
  const lossy = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const { code, stdout, stderr } = await runHere(["batch", file], lossy);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(
    /^millrace: Only 1 of the 2 lines of .*whole\.ndjson have arrived \(batch_half\)\. .+\n$/,
  );
});

test("[cli.batch.disk] a disk that is full is told on one line with the file, and the exit code is 2", async () => {
  const { file } = await files(
    "full",
    names(3).map((_, index) => line(index)),
  );
  const output = join(folder, "full");
  await symlink("/dev/full", output);
  const full = "cannot be written: the disk is full.";
  expect(await runCli(["batch", file, "-o", output], { url })).toEqual({
    code: 2,
    stdout: "",
    stderr: `millrace: ${output} ${full}\n`,
  });
  expect(await inShell('"$0" "$1" batch "$2" > /dev/full', file)).toMatchObject({
    code: 2,
    stderr: `millrace: The output ${full}\n`,
  });
});
