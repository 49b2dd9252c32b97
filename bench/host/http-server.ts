import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { FIXTURE_HTTP_PROGRAM } from "@millrace/testing";

/** The fixture server over HTTP, as a process of its own: its CPU time is nobody else's. */
export async function startHttpServer(): Promise<{ url: string } & AsyncDisposable> {
  const child = spawn(process.execPath, [FIXTURE_HTTP_PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { httpUrl } = JSON.parse(line) as { httpUrl: string };
  return {
    url: httpUrl,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
