import { setTimeout as delay } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createHost, createServerSettings } from "@millrace/host-core";
import { systemFigure, type Figure } from "../figure.ts";
import { spread } from "../statistics.ts";
import { SILENT } from "./callers.ts";
import type { HostBench } from "./host-bench.ts";
import { startHttpServer } from "./http-server.ts";

const SERVERS = 10;
/** So long each server that has just been started is left alone, in milliseconds. */
const SETTLE_MS = 200;

/** Milliseconds until a client of the SDK has a server's tools. */
async function connectAlone(url: string): Promise<number> {
  const client = new Client({ name: "bench", version: "1.0.0" });
  const startedAt = performance.now();
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  await client.listTools();
  const tookMs = performance.now() - startedAt;
  await client.close();
  return tookMs;
}

/** Milliseconds until a host has them all. */
async function connectAll(urls: readonly string[]): Promise<number> {
  const servers = urls.map((url, index) =>
    createServerSettings({ name: `server-${index}`, transport: { type: "http", url, headers: {} } }),
  );
  await using host = createHost({ servers, logger: SILENT });
  const startedAt = performance.now();
  host.start();
  await host.whenWarm(60_000);
  const tookMs = performance.now() - startedAt;
  const missing = host.reports().filter(({ status }) => status !== "connected");
  if (missing.length > 0) throw new Error(`${missing[0]?.name}: ${missing[0]?.last_error}`);
  return tookMs;
}

/**
 * Ten servers at once against the slowest of them alone. They run before, as processes of their own: on two cores ten
 * programs that start at once would measure the machine.
 */
export async function measureStart({ sizes, onProgress }: HostBench): Promise<Figure[]> {
  const beyond: number[] = [];
  for (let round = 1; round <= sizes.starts; round += 1) {
    onProgress(`ten servers: round ${round} of ${sizes.starts}`);
    await using resources = new AsyncDisposableStack();
    const urls: string[] = [];
    for (let count = 0; count < SERVERS; count += 1) {
      urls.push(resources.use(await startHttpServer()).url);
      await delay(SETTLE_MS);
    }
    const alone: number[] = [];
    for (const url of urls) alone.push(await connectAlone(url));
    beyond.push((await connectAll(urls)) - Math.max(...alone));
  }
  const name = "ten servers over http connect: beyond the slowest alone";
  return [systemFigure(name, "ms", spread(beyond).median, { bound: "at most", limit: 300 })];
}
