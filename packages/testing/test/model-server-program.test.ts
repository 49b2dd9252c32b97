import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, onTestFinished, test } from "vitest";
import { serve } from "./model-server-clients.ts";

const ROOT = join(import.meta.dirname, "../../..");
const PROGRAM = join(ROOT, "scripts/model-server.ts");
const EXAMPLE = join(ROOT, "examples/model-script.json");

function start(...args: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  return {
    child,
    closed,
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    errors: child.stderr.toArray().then((chunks) => Buffer.concat(chunks).toString()),
  };
}

/** The variables that a line of the program sets. */
function variablesOf(line: string): Record<string, string> {
  return Object.fromEntries(line.split(" ").map((pair) => pair.split("=") as [string, string]));
}

async function scriptFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-model-script-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "script.json");
  await writeFile(file, content);
  return file;
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "[testing.model.program] it serves the example to both SDKs and stops on %s",
  async (signal) => {
    const { child, closed, lines, errors } = start(EXAMPLE, "--port", "0");
    const anthropicVariables = variablesOf((await lines.next()).value ?? "");
    const openaiVariables = variablesOf((await lines.next()).value ?? "");
    expect(anthropicVariables).toMatchObject({ ANTHROPIC_API_KEY: "any" });
    expect(openaiVariables).toMatchObject({ OPENAI_API_KEY: "any" });

    const messages = [{ role: "user" as const, content: "Read the file" }];
    const anthropic = new Anthropic({ apiKey: "any", baseURL: anthropicVariables["ANTHROPIC_BASE_URL"] });
    const message = await anthropic.messages.create({ model: "scripted", max_tokens: 100, messages });
    expect(message.content[1]).toMatchObject({
      type: "tool_use",
      name: "filesystem__read_text_file",
      input: { path: "welcome.txt" },
    });

    const openai = new OpenAI({ apiKey: "any", baseURL: openaiVariables["OPENAI_BASE_URL"] });
    const completion = await openai.chat.completions.create({
      model: "scripted",
      messages: [
        ...messages,
        completionCall("one"),
        { role: "tool", tool_call_id: "one", content: "Welcome!" },
      ],
    });
    expect(completion.choices[0]?.message.content).toBe("The file says: Welcome!");

    child.kill(signal);
    expect(await closed).toEqual([0, null]);
    expect(await errors).toBe("");
  },
);

test("[testing.model.program] it stops at once although an answer is under way", async () => {
  const slow = JSON.stringify({ turns: [{ text: "Slow", chunk_length: 2, chunk_delay_ms: 3_600_000 }] });
  const { child, closed, lines } = start(await scriptFile(slow), "--port", "0");
  const { ANTHROPIC_BASE_URL: baseURL = "" } = variablesOf((await lines.next()).value ?? "");
  const running = new Anthropic({ apiKey: "any", baseURL, maxRetries: 0 }).messages.stream({
    model: "scripted",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hello" }],
  });
  const failed = Promise.allSettled([running.finalText()]);
  await running.emitted("text");

  child.kill("SIGTERM");
  expect(await closed).toEqual([0, null]);
  expect(await failed).toMatchObject([{ status: "rejected" }]);
});

function completionCall(id: string): OpenAI.ChatCompletionAssistantMessageParam {
  const called = { name: "filesystem__read_text_file", arguments: "{}" };
  return { role: "assistant", tool_calls: [{ id, type: "function", function: called }] };
}

test.each([
  ["no JSON", "{", /script\.json: .*JSON/],
  ["a wrong answer", '{"turns": [{"status": 42}]}', /script\.json: [^]*turns\.0\.status: .*400/],
  ["no turns", '{"turns": []}', /turns: /],
])("[testing.model.program.wrong] a script with %s ends it with 1", async (_what, content, message) => {
  const { closed, errors } = start(await scriptFile(content));
  expect(await closed).toEqual([1, null]);
  expect(await errors).toMatch(message);
  expect(await errors).not.toContain("    at ");
});

test.each([
  ["no file", [], /usage/],
  ["two files", [EXAMPLE, EXAMPLE], /usage/],
  ["an unknown option", [EXAMPLE, "--prot", "1"], /--prot[^]*usage/],
  ["a wrong port", [EXAMPLE, "--port", "x"], /--port x[^]*usage/],
  ["a missing file", ["/nowhere/script.json"], /ENOENT.*\/nowhere/],
])("[testing.model.program.wrong] %s ends it with 1", async (_what, args, message) => {
  const { closed, errors } = start(...args);
  expect(await closed).toEqual([1, null]);
  expect(await errors).toMatch(message);
  expect(await errors).not.toContain("    at ");
});

test("[testing.model.program.wrong] a port that is taken ends it with 1", async () => {
  await using server = await serve({ text: "Hello" });
  const { port } = new URL(server.url);
  const { closed, errors } = start(EXAMPLE, "--port", port);
  expect(await closed).toEqual([1, null]);
  expect(await errors).toBe(`listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`);
});
