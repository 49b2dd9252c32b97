import { expect, onTestFinished, test, vi } from "vitest";
import { NotRunError } from "../connection.ts";
import { MESSAGE_BYTES_MAX, MESSAGE_TOO_LARGE, type JsonRpcMessage } from "./json-rpc.ts";
import { StdioTransport } from "./stdio-transport.ts";

const warn = vi.fn<() => void>();
const logger = { debug: () => {}, info: () => {}, warn, error: () => {} };

function open(command: string, args: string[], onStderr: (line: string) => void = () => {}): StdioTransport {
  const env = { MILLRACE_TEST_RUN: process.env["MILLRACE_TEST_RUN"] ?? "" };
  const options = { command, args, env, onStderr, processGuard: undefined, logger };
  const transport = new StdioTransport(options);
  onTestFinished(() => transport.close());
  return transport;
}

test("[host.stdio.unread] what a server does not read is bounded, and what is refused then has not run", async () => {
  const transport = open("sleep", ["600"]);
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

test("[host.stdio.launch] what a server says before anybody listens is kept", async () => {
  const said = Promise.withResolvers<string>();
  const script = `echo '{"jsonrpc":"2.0","id":1,"method":"ping"}'; echo said >&2; exec sleep 600`;
  const transport = open("sh", ["-c", script], said.resolve);
  await transport.launch();
  await said.promise;
  const received = Promise.withResolvers<JsonRpcMessage>();
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport has callbacks, and no events
  transport.onmessage = received.resolve;
  await transport.start();
  expect(await received.promise).toMatchObject({ method: "ping" });
});

test("[host.stdio.launch] a server that died before anybody spoke to it says what of", async () => {
  const transport = open("sh", ["-c", "exit 3"]);
  await transport.launch();
  await vi.waitFor(() => expect(transport.closeReason).not.toBeNull(), 20_000);
  await transport.start();
  const sent = transport.send({ jsonrpc: "2.0", method: "initialize" });
  await expect(sent).rejects.toThrow("the server exited with code 3");
});

test("[host.failure.start] arguments that the system does not take are named, with the cure", async () => {
  const transport = open("sleep", ["x".repeat(1_024 * 1_024)]);
  await expect(transport.start()).rejects.toThrow(/^command "sleep" has more in "args" and "env" than/);
});

test("[host.stdio.stdout_closed] a server that closes its stdout and lives on is lost and ended", async () => {
  const transport = open("sh", ["-c", "exec >&-; exec sleep 600"]);
  const closed = Promise.withResolvers<void>();
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport has callbacks, and no events
  transport.onclose = closed.resolve;
  await transport.start();
  await closed.promise;
  expect(transport.closeReason).toBe("the server closed its stdout");
});

test("[host.stdio.too_long] a message that no request can be found for ends the server: whose answer it is would wait for ever", async () => {
  const tooLong = `head -c ${MESSAGE_BYTES_MAX + 1} /dev/zero | tr '\\0' x; echo`;
  const transport = open("sh", ["-c", `${tooLong}; exec sleep 600`]);
  const closed = Promise.withResolvers<void>();
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport has callbacks, and no events
  transport.onclose = closed.resolve;
  await transport.start();
  await closed.promise;
  expect(transport.closeReason).toBe(MESSAGE_TOO_LARGE);
});

test("[host.stdio.broken] a broken answer fails its request, and another broken line is told of once", async () => {
  const lines = [
    "{",
    '{"again":',
    "a banner",
    '{"level":"info"}',
    '{"jsonrpc":"2.0","id":7,"result":{"x":NaN}}',
  ];
  const transport = open("printf", ["%s\\n", ...lines]);
  const received = Promise.withResolvers<JsonRpcMessage>();
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport has callbacks, and no events
  transport.onmessage = received.resolve;
  warn.mockClear();
  await transport.start();
  expect(await received.promise).toMatchObject({ id: 7, error: { code: -32_603 } });
  expect(warn).toHaveBeenCalledTimes(1);
});

test.each([
  ['{"jsonrpc":"2.0","id":7,"result":{"content":[]}}', [{ id: 7, result: {} }]],
  ['{"jsonrpc":"2.0","id":7,"result":{"con', []],
])(
  "[host.stdio.last_line] %s without a line break, at a server's end, counts if it is whole",
  async (last, received) => {
    const transport = open("printf", ["%s\n%s", '{"jsonrpc":"2.0","method":"first"}', last]);
    const messages: JsonRpcMessage[] = [];
    const closed = Promise.withResolvers<void>();
    // oxlint-disable unicorn/prefer-add-event-listener -- a transport has callbacks, and no events
    transport.onmessage = (message) => messages.push(message);
    transport.onclose = closed.resolve;
    // oxlint-enable unicorn/prefer-add-event-listener
    await transport.start();
    await closed.promise;
    expect(messages).toMatchObject([{ method: "first" }, ...received]);
    expect(messages).toHaveLength(1 + received.length);
  },
);
