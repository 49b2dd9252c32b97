import { ASKING_STDIO_PROGRAM } from "@millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHost, type Host, type ToolCallRequest } from "@millrace/host-core";
import type { QuestionSettings } from "../src/config/server-settings.ts";
import {
  SamplingRefusedError,
  type Sampler,
  type SamplingRequest,
} from "../src/connection/questions/sampling.ts";
import { recordingLogger, settings } from "./hosts.ts";

const NONE: QuestionSettings = { sampling: false, elicitation: null, roots: [] };
const ROOT = "file:///srv/data";

/** A server for each kind of settings, by name. */
const QUESTIONS: Record<string, Partial<QuestionSettings>> = {
  closed: {},
  open: { sampling: true, elicitation: "decline", roots: [ROOT] },
  defaults: { elicitation: "defaults" },
};

function startAsking(flags: string[]): Host {
  const args = [ASKING_STDIO_PROGRAM, ...flags];
  const transport = { type: "stdio" as const, command: process.execPath, args, env: {} };
  const servers = Object.entries(QUESTIONS).map(([name, questions]) =>
    settings(name, transport, { questions: { ...NONE, ...questions }, maxConcurrentTools: 5 }),
  );
  const host = createHost({ servers, logger: recordingLogger() });
  host.start();
  return host;
}

describe.each([
  ["a server of the older protocols", []],
  ["a server of 2026-07-28", ["--modern"]],
])("%s", (_name, flags) => {
  let host: Host;
  beforeAll(async () => {
    host = startAsking(flags);
    await host.whenWarm(20_000);
  });
  afterAll(() => host.close());

  async function ask(
    server: string,
    tool: string,
    given: Record<string, unknown> = {},
    sample?: ToolCallRequest["sample"],
  ): Promise<string> {
    const { signal } = new AbortController();
    return JSON.stringify(await host.callTool({ server, tool, arguments: given, signal, sample }));
  }

  test.each([
    ["ask_model", { question: "?" }],
    ["ask_human", { required: [] }],
    ["roots", {}],
  ])(
    "[host.questions.undeclared] what is not configured is not answered, and %s does not hang",
    async (tool, given) => {
      const outcome = await ask("closed", tool, given, () => Promise.reject(new Error("was asked")));
      expect(outcome).toMatch(/support|error|rejected/i);
      expect(outcome).not.toContain("was asked");
    },
  );

  test("[host.questions.elicitation] a question for a human is declined, or answered with the form's defaults", async () => {
    expect(await ask("open", "ask_human", { required: [] })).toContain("decline");
    const answered = await ask("defaults", "ask_human", { required: ["colour"] });
    expect(answered).toContain("accept");
    expect(answered).toContain("green");
    // Nobody knows the name.
    expect(await ask("defaults", "ask_human", { required: ["name"] })).toContain("decline");
  });

  test("[host.questions.roots] a server is told of the configured roots", async () => {
    expect(await ask("open", "roots")).toContain(ROOT);
  });

  test("[host.questions.sampling] a tool that asks for a model is answered by whoever made the call", async () => {
    const requests: SamplingRequest[] = [];
    const sample: Sampler = (request) => {
      requests.push(request);
      return Promise.resolve({ model: "mine", text: "forty-two", stopReason: "endTurn" });
    };
    expect(await ask("open", "ask_model", { question: "Six by seven?" }, sample)).toContain("forty-two");
    expect(requests).toEqual([
      {
        system: "Be brief.",
        messages: [{ role: "user", content: [{ type: "text", text: "Six by seven?" }] }],
        maxTokens: 100,
        temperature: undefined,
      },
    ]);
  });

  test("[host.questions.refused] a tool whose call has no model, or whose model refuses, is told so", async () => {
    const refused = await ask("open", "ask_model", { question: "?" });
    expect(refused).toContain("from a chat job");
    expect(refused).not.toContain("refused by its server");
    const refuse: Sampler = () => Promise.reject(new SamplingRefusedError("the budget is spent"));
    expect(await ask("open", "ask_model", { question: "?" }, refuse)).toContain("the budget is spent");
  });

  test("[host.questions.one_call] a server that may ask for a model gets one call at a time, so each is answered by its own job", async () => {
    const jobs = ["one", "two", "three"];
    const answers = await Promise.all(
      jobs.map((job) =>
        ask("open", "ask_model", { question: "?" }, () =>
          Promise.resolve({ model: "mine", text: job, stopReason: "endTurn" }),
        ),
      ),
    );
    expect(answers.map((answer) => jobs.filter((job) => answer.includes(job)))).toEqual([
      ["one"],
      ["two"],
      ["three"],
    ]);
  });

  test.runIf(flags.length === 0)(
    "[host.questions.undeclared] a server is told of what it may ask, and of nothing else",
    async () => {
      expect(await ask("closed", "declared")).toContain(String.raw`"text":"{}"`);
      const declared = await ask("open", "declared");
      expect(JSON.parse(declared)).toMatchObject({
        result: {
          content: [{ text: JSON.stringify({ sampling: {}, elicitation: { form: {} }, roots: {} }) }],
        },
      });
    },
  );

  test.runIf(flags.length === 0)(
    "[host.questions.url] a URL that a server wants opened is never accepted",
    async () => {
      expect(await ask("defaults", "ask_to_open")).not.toContain("accept");
    },
  );
});
