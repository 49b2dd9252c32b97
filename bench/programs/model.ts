/**
 * A model server that does what the message of a job says (`chat/task.ts`), in Anthropic's wire format. The scripted
 * one of `packages/testing` checks each request as the provider does, and cannot say when it sent a delta: this one is
 * to take as little of the machine as it can, and to be a clock.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import {
  beginAnswer,
  endAnswer,
  textDelta,
  textStart,
  toolUse,
  turnAndTask,
} from "../chat/anthropic-wire.ts";
import { sentTimeDelta } from "../chat/sent-times.ts";
import { sharedNow, type ModelFigures, type Task } from "../chat/task.ts";
import { answerQuestions } from "../questions.ts";

/** A thousand clients come at once. */
const BACKLOG = 4_096;

let figures: ModelFigures = { answeringMs: 0, mostAtOnce: 0, deltas: 0 };
let atOnce = 0;
const speaking = new Set<() => void>();
/** From then on every answer ends at once, also that of a job which is begun again. */
let isFinished = false;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const startedAt = sharedNow();
  atOnce += 1;
  figures.mostAtOnce = Math.max(figures.mostAtOnce, atOnce);
  const { turn, task } = turnAndTask(body);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.once("close", () => (atOnce -= 1));
  response.once("finish", () => (figures.answeringMs += sharedNow() - startedAt));
  perform(task, turn, response);
}

function perform(task: Task, turn: number, response: ServerResponse): void {
  if (task.do === "speak") return speak(task.everyMs, response);
  const isCall = task.do === "call" && turn < task.turns;
  const content = isCall ? toolUse(task.tool, { text: `turn ${turn}` }) : textStart + textDelta("Done.");
  const whole = beginAnswer + content + endAnswer(isCall ? "tool_use" : "end_turn");
  if (task.do === "wait") setTimeout(() => response.end(whole), task.forMs);
  else response.end(whole);
}

function speak(everyMs: number, response: ServerResponse): void {
  response.write(beginAnswer + textStart);
  if (isFinished) return void response.end(endAnswer("end_turn"));
  const say = () => {
    figures.deltas += 1;
    response.write(textDelta(sentTimeDelta(sharedNow())));
  };
  // Jobs start in a row; without a pause of its own each stream would go on in step with its neighbours.
  let timer = setTimeout(() => {
    say();
    timer = setInterval(say, everyMs);
  }, Math.random() * everyMs);
  const finish = () => {
    clearTimeout(timer);
    response.end(endAnswer("end_turn"));
  };
  speaking.add(finish);
  response.once("close", () => {
    speaking.delete(finish);
    clearTimeout(timer);
  });
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    process.stderr.write(`bench model: ${String(error)}\n`);
    response.destroy();
  });
});
server.listen({ port: Number(process.env["PORT"]), host: "127.0.0.1", backlog: BACKLOG });

answerQuestions({
  modelFigures: () => {
    const taken = figures;
    figures = { answeringMs: 0, mostAtOnce: atOnce, deltas: 0 };
    return taken;
  },
  finishSpeaking: () => {
    isFinished = true;
    for (const finish of speaking) finish();
  },
});
process.once("SIGTERM", () => process.exit());
