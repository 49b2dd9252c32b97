import { expect, test } from "vitest";
import { Connection } from "./connection.ts";
import { collect } from "../../test/support/collect.ts";
import { follow } from "./follow.ts";

interface Event {
  id: number;
  type: string;
}

/** What one connection brings: ids, and whether it breaks after them. A status is an answer without a body. */
type Answer = { ids: number[]; breaks?: boolean } | { status: number };

function streamOf({ ids, breaks = false }: Exclude<Answer, { status: number }>): Response {
  const text = ids.map(
    (id) => `id: ${id}\ndata: ${JSON.stringify({ id, type: id >= 100 ? "end" : "step" })}\n\n`,
  );
  let isSent = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (!isSent) controller.enqueue(new TextEncoder().encode(text.join("")));
      else if (breaks) controller.error(new TypeError("terminated"));
      else controller.close();
      isSent = true;
    },
  });
  return new Response(body);
}

/** Follows a log that these answers bring, one for each connection; returns ids and the cursors that were sent. */
async function read(answers: Answer[], gapless = true) {
  const cursors: (string | null)[] = [];
  const connection = new Connection({
    url: "http://api",
    fetch: async (_url, init) => {
      cursors.push(new Headers(init?.headers).get("last-event-id"));
      const answer = answers.shift() ?? { status: 204 };
      return "status" in answer ? new Response(null, answer) : streamOf(answer);
    },
  });
  const log = { path: "/log", isEnd: ({ type }: Event) => type === "end", gapless };
  const events = await collect(follow<Event>(connection, log, {}));
  return { ids: events.map(({ id }) => id), cursors };
}

test("[client.events.resume] a stream that ends or breaks goes on after its last event", async () => {
  const answers = [{ ids: [1, 2], breaks: true }, { ids: [3] }, { ids: [], breaks: true }, { ids: [4, 5] }];
  expect(await read(answers)).toEqual({ ids: [1, 2, 3, 4, 5], cursors: [null, "2", "3", "3", "5"] });
});

test("[client.events.resume] events that come again are left out, and a missing one is asked for again", async () => {
  const answers = [{ ids: [1, 1, 2] }, { ids: [2, 3, 5] }, { ids: [4, 5] }];
  expect(await read(answers)).toEqual({ ids: [1, 2, 3, 4, 5], cursors: [null, "2", "3", "5"] });
  expect((await read([{ ids: [1, 3] }, { ids: [7] }], false)).ids).toEqual([1, 3, 7]);
});

test("[client.events.resume] a 503 in between is waited out", async () => {
  const answers = [{ ids: [1], breaks: true }, { status: 503 }, { status: 502 }, { ids: [2] }];
  expect((await read(answers)).ids).toEqual([1, 2]);
});

test("[client.events.end] an end is the end only when nothing comes after it", async () => {
  const answer = { ids: Array.from({ length: 100 }, (_, index) => index + 1) };
  expect((await read([answer, { ids: [101, 102] }])).ids).toHaveLength(102);
  expect((await read([answer, { status: 404 }, { ids: [101] }])).ids).toHaveLength(100);
  expect((await read([answer, { ids: [] }, { ids: [101] }])).ids).toHaveLength(100);
});

test("[client.events.leave] who leaves the loop hangs up, and an abort throws its reason", async () => {
  const hungUp = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: {"id":1,"type":"step"}\n\n')),
    cancel: () => hungUp.resolve(),
  });
  const connection = new Connection({ url: "http://api", fetch: async () => new Response(body) });
  const log = { path: "/log", isEnd: () => false, gapless: true };
  for await (const _event of follow<Event>(connection, log, {})) break;
  await hungUp.promise;
  const aborted = AbortSignal.abort(new Error("enough"));
  await expect(follow(connection, log, { signal: aborted }).next()).rejects.toThrow("enough");
});
