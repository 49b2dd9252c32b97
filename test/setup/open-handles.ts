import { setTimeout } from "node:timers/promises";
import { afterAll } from "vitest";

/** For what a file closes without waiting for it. */
const PATIENCE_MS = 5_000;
const POLL_MS = 50;

interface Handle {
  type: string;
  is_active?: boolean;
  is_referenced?: boolean;
  pid?: number;
  localEndpoint?: { port: number } | null;
  remoteEndpoint?: { host: string; port: number } | null;
}

/**
 * Fails a test file that leaves a socket, a server or a child process open. The run's teardown cannot see them: they
 * end with the process that runs the files.
 */
afterAll(async () => {
  const deadline = performance.now() + PATIENCE_MS;
  while (openHandles().length > 0 && performance.now() < deadline) await setTimeout(POLL_MS);
  const open = openHandles();
  if (open.length > 0) throw new Error(`this file left open:\n  ${open.join("\n  ")}`);
}, PATIENCE_MS * 2);

/** What keeps the process alive, one line each; idle keep-alive connections do not, and are nobody's leak. */
function openHandles(): string[] {
  // Without this the report looks up names in the DNS.
  Object.assign(process.report, { excludeNetwork: true });
  const { libuv } = process.report.getReport() as { libuv: Handle[] };
  return libuv.filter((handle) => handle.is_active && handle.is_referenced).flatMap(describeHandle);
}

function describeHandle({ type, pid, localEndpoint, remoteEndpoint }: Handle): string[] {
  if (type === "process") return [`child process ${pid}`];
  if (type !== "tcp") return [];
  if (remoteEndpoint) return [`connection to ${remoteEndpoint.host}:${remoteEndpoint.port}`];
  return [`server on port ${localEndpoint?.port}`];
}
