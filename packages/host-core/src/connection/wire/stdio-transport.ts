import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { describeError } from "../../describe-error.ts";
import type { Logger } from "../../logger.ts";
import { AnswerTooLargeError, NotRunError, SessionLostError } from "../connection.ts";
import { standInAnswer } from "../http/stand-in-answer.ts";
import { endProcessGroup } from "../../process/process-group.ts";
import type { ProcessGuard } from "../../process/process-guard.ts";
import { settlesWithin } from "../../settles-within.ts";
import { inheritedEnvironment } from "./inherited-environment.ts";
import {
  MESSAGE_BYTES_MAX,
  MESSAGE_TOO_LARGE,
  type JsonRpcMessage,
  type MessageTransport,
} from "./json-rpc.ts";
import { findAnsweredId, readMessages } from "./read-messages.ts";
import { readStderr } from "./read-stderr.ts";
import { readStdout } from "./read-stdout.ts";
import { describeSpawnError } from "./spawn-error.ts";

/** A server that is done when its stdin closes needs no signal (MCP specification, "Shutdown"). */
const STDIN_GRACE_MS = 2_000;
const SIGTERM_GRACE_MS = 2_000;
/** Something outside the group may hold the pipes of a process that is gone. */
const PIPES_GRACE_MS = 500;
/** What is sent together goes out in writes of about this many characters: the server begins with the first meanwhile. */
const WRITE_LENGTH = 1_024;
/** How much may wait for a server that does not read. */
const UNREAD_BYTES_MAX = MESSAGE_BYTES_MAX;

/** Nothing more can be sent: the process is gone, or will not listen. */
class StdinClosedError extends SessionLostError {}

export interface StdioTransportOptions {
  command: string;
  args: readonly string[];
  /** Added to the few variables that every program needs; nothing else is passed on. */
  env: Readonly<Record<string, string>>;
  /** Where it is started; our own folder by default. */
  cwd?: string;
  onStderr: (line: string) => void;
  processGuard: Pick<ProcessGuard, "add" | "remove"> | undefined;
  logger: Logger;
}

/**
 * A stdio server as the leader of a process group of its own: wrappers such as `npx` and `sh` start the
 * real server as a child, and only a signal to the group reaches it. (The SDK's own transport signals the
 * wrapper alone.)
 */
export class StdioTransport implements MessageTransport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JsonRpcMessage) => void) | undefined;
  /** Why the process is gone; null while it runs. */
  closeReason: string | null = null;
  readonly #options: StdioTransportOptions;
  #child: ChildProcessWithoutNullStreams | null = null;
  #launching: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Not written yet: what is sent together goes out in few writes. */
  #outgoing: { text: string; written: PromiseWithResolvers<void> } | null = null;
  /** Once is enough for a server that writes something else there. */
  #hasWarned = false;
  /** The leader is gone, its output read, and its group ended. */
  readonly #finished = Promise.withResolvers<void>();

  constructor(options: StdioTransportOptions) {
    this.#options = options;
  }

  /** Starts the process, and lets it wait for whoever speaks to it. Harmless when repeated. */
  launch(): Promise<void> {
    this.#launching ??= this.#launch();
    return this.#launching;
  }

  /** The same, and hears what it says from now on. */
  async start(): Promise<void> {
    await this.launch();
    if (this.#child) this.#hear(this.#child);
  }

  async #launch(): Promise<void> {
    try {
      await once(this.#spawn(), "spawn");
    } catch (error) {
      throw describeSpawnError(this.#options, error as NodeJS.ErrnoException);
    }
  }

  /** @throws what the system says at once; the rest comes as the event `error`. */
  #spawn(): ChildProcessWithoutNullStreams {
    const { command, args, env, cwd, processGuard } = this.#options;
    const child = spawn(command, args, {
      env: { ...inheritedEnvironment(), ...env },
      cwd,
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    if (child.pid !== undefined) {
      processGuard?.add(child.pid);
      this.#child = child;
      this.#watch(child);
      child.once("exit", (code, signal) => void this.#finish(child, code, signal));
    }
    return child;
  }

  async send(message: JsonRpcMessage): Promise<void> {
    try {
      await this.#write(`${JSON.stringify(message)}\n`);
    } catch (error) {
      const isClosed = error instanceof StdinClosedError;
      if (error instanceof NotRunError && !isClosed) throw error;
      // A server that has just died is noticed here first; a moment later it is known what of.
      await settlesWithin(this.#finished.promise, PIPES_GRACE_MS);
      throw isClosed && this.closeReason !== null ? new SessionLostError(this.closeReason) : error;
    }
  }

  #write(line: string): Promise<void> {
    if (!this.#outgoing) {
      this.#outgoing = { text: "", written: Promise.withResolvers() };
      process.nextTick(() => this.#flush());
    }
    this.#outgoing.text += line;
    const { promise } = this.#outgoing.written;
    if (this.#outgoing.text.length >= WRITE_LENGTH) this.#flush();
    return promise;
  }

  #flush(): void {
    const outgoing = this.#outgoing;
    this.#outgoing = null;
    if (!outgoing) return;
    const { text, written } = outgoing;
    if ((this.#child?.stdin.writableLength ?? 0) > UNREAD_BYTES_MAX) {
      const unread = `${UNREAD_BYTES_MAX / 1024 / 1024} MiB wait for it`;
      written.reject(new SessionLostError(`the server does not read its stdin: ${unread}`));
    } else if (this.#child?.stdin.writable) {
      this.#child.stdin.write(text, (error) => (error ? written.reject(error) : written.resolve()));
    } else {
      written.reject(new StdinClosedError("the server's stdin is closed"));
    }
  }

  /** Ends stdin, then SIGTERM and at last SIGKILL to the group. Resolves when nothing of it is left. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    this.#flush();
    child.stdin.end();
    if (await settlesWithin(this.#finished.promise, STDIN_GRACE_MS)) return;
    await endProcessGroup(child.pid, SIGTERM_GRACE_MS);
    // A process that the kernel does not let go must not hold up the shutdown.
    await settlesWithin(this.#finished.promise, SIGTERM_GRACE_MS);
  }

  #hear(child: ChildProcessWithoutNullStreams): void {
    readStdout(child.stdout, {
      onLine: (line) => this.#receive(line),
      onTooLong: (ends) => this.#refuse(ends),
    });
    child.stdout.on("end", () => void this.#loseOutput(child));
  }

  /** What it writes to stderr, and what goes wrong. */
  #watch(child: ChildProcessWithoutNullStreams): void {
    readStderr(child.stderr, this.#options.onStderr);
    for (const stream of [child.stdin, child.stdout, child.stderr]) {
      stream.on("error", (error: Error) => this.onerror?.(error));
    }
    child.on("error", (error) => this.onerror?.(error));
  }

  /** Nothing can be answered any more. One that is about to exit says better what of. */
  async #loseOutput(child: ChildProcessWithoutNullStreams): Promise<void> {
    await settlesWithin(this.#finished.promise, PIPES_GRACE_MS);
    if (child.exitCode !== null || child.signalCode !== null || this.#closing) return;
    this.closeReason = "the server closed its stdout";
    await this.close();
  }

  #receive(line: string): void {
    let messages: JsonRpcMessage[];
    try {
      messages = readMessages(line);
    } catch (error) {
      this.#ignore(line, error);
      return;
    }
    for (const message of messages) this.onmessage?.(message);
  }

  /** Fails the request that a message answers whose middle was skipped. */
  #refuse(message: string): void {
    const id = findAnsweredId(message);
    if (id !== null) {
      this.onmessage?.(standInAnswer(id, new AnswerTooLargeError(MESSAGE_TOO_LARGE)));
      return;
    }
    // Whoever waits for it would wait for ever.
    this.closeReason = MESSAGE_TOO_LARGE;
    void this.close();
  }

  /** Many servers print a banner or a debug line to stdout; that is no reason to lose their tools. */
  #ignore(line: string, error: unknown): void {
    const { logger, command } = this.#options;
    logger.debug({ line }, "ignored what is no MCP message on stdout");
    const isBroken = error instanceof SyntaxError && line.startsWith("{");
    if (!isBroken || this.#hasWarned) return;
    this.#hasWarned = true;
    const fields = { command, error: describeError(error) };
    logger.warn(fields, "ignored what may be a broken MCP message on stdout");
  }

  async #finish(child: ChildProcessWithoutNullStreams, code: number | null, signal: string | null) {
    const outputRead = once(child, "close");
    this.closeReason ??= signal ? `the server was ended by ${signal}` : `the server exited with code ${code}`;
    const groupEnded = this.#endGroup(child.pid);
    if (!(await settlesWithin(outputRead, PIPES_GRACE_MS))) {
      child.stdout.destroy();
      child.stderr.destroy();
    }
    this.onclose?.();
    await groupEnded;
    this.#finished.resolve();
  }

  /** What the leader has left behind belongs to nobody any more. */
  async #endGroup(processGroupId: number | undefined): Promise<void> {
    if (processGroupId === undefined) return;
    await endProcessGroup(processGroupId, SIGTERM_GRACE_MS);
    this.#options.processGuard?.remove(processGroupId);
  }
}
