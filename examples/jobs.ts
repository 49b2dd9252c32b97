/**
 * A tool job, a chat and a batch with the typed client. Run it beside `npm start` with `npx node examples/jobs.ts`;
 * MILLRACE_URL and MILLRACE_API_KEY say where and as whom.
 */
import { createClient } from "@millrace/client";

const client = createClient({
  url: process.env["MILLRACE_URL"] ?? "http://127.0.0.1:8000",
  apiKey: process.env["MILLRACE_API_KEY"],
});

// A tool job, waited for.
const job = await client.jobs.run({ type: "tool", tool: "everything__get-sum", arguments: { a: 1, b: 2 } });
console.log("tool:", job.status, job.result?.content[0]?.["text"] ?? job.error?.message);

// A chat, as it comes. Without a key of a model provider the demo model calls the tool that the message names.
const chat = await client.chat("get-sum a=3 b=4");
for await (const event of chat.events()) {
  if (event.type === "text.delta") process.stdout.write(event.text);
  // What was shown of the turn counts no more.
  if (event.type === "turn.discarded") console.log("\nchat: the answer broke off and starts again");
  if (event.type === "tool.called") console.log("\nchat calls:", event.tool, JSON.stringify(event.arguments));
}
const { status, usage } = await chat.end();
console.log("\nchat:", status, `${usage?.tool_calls} tool call(s)`);

// A batch, and its results as they end. A key of your own would let another run of this script go on with it.
const lines = [1, 2, 3, 4, 5].map((number) => ({
  type: "tool" as const,
  tool: "everything__get-sum",
  arguments: { a: number, b: number },
  custom_id: `double-${number}`,
}));
const batch = await client.batches.create(lines, { concurrency: 2 });
for await (const { custom_id, status: outcome, result } of client.batches.results(batch.id)) {
  const answer = result && "content" in result ? result.content[0]?.["text"] : null;
  console.log("batch:", custom_id, outcome, answer);
}
