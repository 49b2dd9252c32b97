import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** A file in each folder that has a boundary, with what it may import and what it may not. */
const BOUNDARIES = [
  {
    file: "packages/contracts/src/x.ts",
    allowed: ["zod", "ajv/dist/2020.js"],
    forbidden: ["@millrace/job-store", "@millrace/host-core", "node:fs", "hono", "ioredis", "bullmq"],
  },
  {
    file: "packages/job-store/src/x.ts",
    allowed: ["@millrace/contracts", "bullmq", "ioredis", "node:fs"],
    forbidden: [
      "@millrace/host-core",
      "@millrace/testing",
      "hono",
      "@modelcontextprotocol/sdk/client/index.js",
    ],
  },
  {
    file: "packages/service/src/x.ts",
    allowed: ["@millrace/contracts", "node:fs"],
    forbidden: [
      "@millrace/job-store",
      "@millrace/host-core",
      "@millrace/testing",
      "hono",
      "bullmq",
      "ioredis",
    ],
  },
  {
    file: "packages/host-core/src/x.ts",
    allowed: ["@millrace/contracts", "node:fs"],
    forbidden: [
      "@millrace/job-store",
      "@millrace/testing",
      "hono",
      "hono/cors",
      "bullmq",
      "ioredis",
      "@modelcontextprotocol/sdk/types.js",
      "@anthropic-ai/sdk",
      "openai",
    ],
  },
  {
    file: "packages/host-core/src/connection/legacy/x.ts",
    allowed: ["@millrace/contracts", "@modelcontextprotocol/sdk/types.js"],
    forbidden: ["@millrace/job-store", "@millrace/testing", "hono", "bullmq", "@modelcontextprotocol/client"],
  },
  {
    file: "packages/host-core/src/connection/modern/x.ts",
    allowed: ["@millrace/contracts", "@modelcontextprotocol/client"],
    forbidden: ["@millrace/job-store", "hono", "bullmq", "@modelcontextprotocol/sdk/types.js", "openai"],
  },
  {
    file: "packages/host-core/src/model/anthropic/x.ts",
    allowed: ["@millrace/contracts", "@anthropic-ai/sdk"],
    forbidden: ["@millrace/job-store", "hono", "bullmq", "@modelcontextprotocol/sdk/types.js", "openai"],
  },
  {
    file: "packages/host-core/src/model/openai/x.ts",
    allowed: ["@millrace/contracts", "openai"],
    forbidden: ["@millrace/job-store", "hono", "bullmq", "@anthropic-ai/sdk"],
  },
  {
    file: "packages/client/src/x.ts",
    allowed: ["@millrace/contracts"],
    forbidden: ["@millrace/job-store", "@millrace/host-core", "@millrace/testing", "node:fs"],
  },
  {
    file: "packages/cli/src/x.ts",
    allowed: ["@millrace/client", "@millrace/contracts", "node:fs", "yargs"],
    forbidden: [
      "@millrace/job-store",
      "@millrace/host-core",
      "@millrace/testing",
      "hono",
      "bullmq",
      "ioredis",
    ],
  },
  {
    file: "apps/api/src/x.ts",
    allowed: ["@millrace/contracts", "@millrace/job-store", "@millrace/service", "hono", "zod"],
    forbidden: [
      "@millrace/host-core",
      "@millrace/testing",
      "@millrace/worker",
      "@modelcontextprotocol/sdk/types.js",
      "@anthropic-ai/sdk",
      "openai",
      "bullmq",
      "ioredis",
      "../../worker/src/worker.ts",
    ],
  },
  {
    file: "apps/worker/src/x.ts",
    allowed: ["@millrace/contracts", "@millrace/job-store", "@millrace/host-core", "pino"],
    forbidden: [
      "@millrace/api",
      "@millrace/testing",
      "hono",
      "bullmq",
      "ioredis",
      "@modelcontextprotocol/sdk/types.js",
      "../../api/src/app.ts",
    ],
  },
];

interface Finding {
  code: string;
  filename: string;
  labels: { span: { line: number } }[];
}

/** Lints a folder that has one file for each boundary, one import on each line; answers file:line of the refusals. */
function refusedLines(): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-boundaries-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(ROOT, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  for (const { file, allowed, forbidden } of BOUNDARIES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const lines = [...allowed, ...forbidden].map((name) => `import "${name}";`);
    writeFileSync(join(folder, file), lines.join("\n"));
  }
  const lint = spawnSync(join(ROOT, "node_modules/.bin/oxlint"), ["--format=json"], {
    cwd: folder,
    encoding: "utf8",
  });
  const { diagnostics } = JSON.parse(lint.stdout) as { diagnostics: Finding[] };
  const refusals = diagnostics.filter(({ code }) => code.includes("no-restricted-imports"));
  return new Set(refusals.map(({ filename, labels }) => `${filename}:${labels[0]?.span.line}`));
}

test("[tools.boundaries] lint refuses every import across a boundary, and no other", () => {
  const refused = refusedLines();
  const verdicts = BOUNDARIES.flatMap(({ file, allowed, forbidden }) =>
    [...allowed, ...forbidden].map((name, index) => ({
      import: `${file} → ${name}`,
      refused: refused.has(`${file}:${index + 1}`),
      expected: index >= allowed.length,
    })),
  );
  expect(verdicts.filter((verdict) => verdict.refused !== verdict.expected)).toEqual([]);
});
