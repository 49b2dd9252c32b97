import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** How long a program may be too busy to answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 60_000;

interface Question {
  readonly number: number;
  readonly name: string;
}

interface Answer {
  readonly number: number;
  readonly value: unknown;
}

/** What a program answers when it is asked by this name. */
export type Answers = Readonly<Record<string, () => unknown>>;

/** Answers over the channel that this program's parent opened. Several may answer in one process, by other names. */
export function answerQuestions(answers: Answers): void {
  process.on("message", ({ number, name }: Question) => {
    const answer = answers[name];
    if (answer) process.send?.({ number, value: answer() } satisfies Answer);
  });
  // It must not keep a program alive that has been told to stop.
  process.channel?.unref();
}

let asked = 0;

/** @throws Error when the program ends before it answers, or takes too long. */
export async function askProgram<Value>(program: ChildProcess, name: string): Promise<Value> {
  asked += 1;
  const number = asked;
  const given = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  const onMessage = (message: unknown) => {
    const answer = message as Answer;
    if (answer.number === number) resolve(answer.value as Value);
  };
  const timer = setTimeout(() => reject(new Error(`no answer to "${name}"`)), ANSWER_TIMEOUT_MS);
  once(program, "exit", { signal: given.signal }).then(
    () => reject(new Error(`the program ended before it answered "${name}"`)),
    () => {},
  );
  program.on("message", onMessage);
  try {
    program.send({ number, name } satisfies Question);
    return await promise;
  } finally {
    clearTimeout(timer);
    given.abort();
    program.off("message", onMessage);
  }
}
