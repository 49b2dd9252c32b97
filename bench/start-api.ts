import getPort from "get-port";
import type { Launch, RunningProgram } from "./launcher.ts";
import { untilListening } from "./until-listening.ts";

interface ApiOptions {
  name: string;
  /** Beside its port. */
  environment: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** Starts the real api on a free port; resolves once it answers. */
export async function startApi(
  launch: Launch,
  { name, environment, signal }: ApiOptions,
): Promise<{ port: number; api: RunningProgram }> {
  const port = await getPort({ host: "127.0.0.1" });
  const api = await launch({
    name,
    program: "apps/api/src/main.ts",
    environment: { ...environment, PORT: String(port) },
  });
  await untilListening(port, signal);
  return { port, api };
}
