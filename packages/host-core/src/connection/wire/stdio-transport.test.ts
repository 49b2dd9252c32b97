import { expect, onTestFinished, test } from "vitest";
import { NotRunError } from "../connection.ts";
import { StdioTransport } from "./stdio-transport.ts";

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test("[host.stdio.unread] what a server does not read is bounded, and what is refused then has not run", async () => {
  const env = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };
  const options = {
    command: "sleep",
    args: ["600"],
    env,
    onStderr: () => {},
    processGuard: undefined,
    logger,
  };
  const transport = new StdioTransport(options);
  onTestFinished(() => transport.close());
  await transport.start();
  const unread = { jsonrpc: "2.0", method: "x", params: { text: "x".repeat(33 * 1_024 * 1_024) } } as const;
  const sent = [];
  for (let count = 0; count < 2; count += 1) {
    sent.push(transport.send(unread).catch(() => {}));
    // Each is written for itself.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await expect(transport.send({ jsonrpc: "2.0", method: "y" })).rejects.toBeInstanceOf(NotRunError);
  await transport.close();
  await Promise.all(sent);
});
