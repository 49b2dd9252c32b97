import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { styleText } from "node:util";
import { prettyFactory } from "pino-pretty";

export type LogLabel = "millrace" | "api" | "worker" | "redis";

const COLOURS = { millrace: "bold", api: "cyan", worker: "magenta", redis: "red" } as const;
const LABEL_WIDTH = Math.max(...Object.keys(COLOURS).map((label) => label.length));

/** One merged log for people: pino's JSON made readable, every line with the name of the process that wrote it. */
export interface LogOutput {
  /** Writes text that is already readable. */
  write: (label: LogLabel, text: string) => void;
  /** Copies a process's output line by line until it ends. */
  copy: (label: LogLabel, stream: Readable) => void;
}

export function createLogOutput(destination: NodeJS.WriteStream): LogOutput {
  const colorize = destination.hasColors?.() ?? false;
  const pretty = prettyFactory({
    colorize,
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname,name",
    singleLine: true,
  });
  // The terminal may be closed while the processes still have to be stopped in order: their last lines are lost then,
  // and nothing else.
  destination.on("error", () => {});

  function write(label: LogLabel, text: string): void {
    const name = label.padEnd(LABEL_WIDTH);
    const prefix = colorize ? styleText(COLOURS[label], name, { validateStream: false }) : name;
    for (const line of text.trimEnd().split("\n")) destination.write(`${`${prefix} │ ${line}`.trimEnd()}\n`);
  }

  return {
    write,
    copy(label, stream) {
      createInterface({ input: stream }).on("line", (line) => write(label, pretty(line)));
    },
  };
}
