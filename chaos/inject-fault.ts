import { setTimeout as delay } from "node:timers/promises";
import type { Fault, Place } from "./fault.ts";
import { runningServer } from "./ledger.ts";
import type { System } from "./system/system.ts";
import { untilWritten } from "./system/until-written.ts";

export interface InjectOptions {
  system: System;
  /** Tells an api that the file of the MCP servers has changed. */
  askReload: () => Promise<void>;
  /** Ends what lasts. */
  signal: AbortSignal;
}

/** Does faults, one by one or side by side, and heals each. */
export class FaultInjector {
  readonly #options: InjectOptions;
  #isRedisDown = false;

  constructor(options: InjectOptions) {
    this.#options = options;
  }

  /** Resolves, once the fault is healed, with false when there was nothing to harm. */
  async inject(fault: Fault): Promise<boolean> {
    const { system, askReload, signal } = this.#options;
    switch (fault.type) {
      case "kill":
        return await this.#kill(fault.place, fault.ms);
      case "pause":
        if (!system.at(fault.place).slot.isReady) return false;
        await system.at(fault.place).slot.pause(fault.ms, signal);
        return true;
      case "drain":
        return this.#drain(fault.place);
      case "network.cut":
        system.at(fault.place).network.cut();
        return true;
      case "network.pause":
      case "network.black_hole":
        return await this.#disconnect(fault);
      case "mcp.kill":
      case "mcp.pause":
        return await this.#harmServer(fault);
      case "redis.restart":
        return await this.#restartRedis(fault.ms);
      case "reload":
        await system.rewriteMcpFile(fault.atOnce);
        await askReload();
        return true;
      default:
        return fault satisfies never;
    }
  }

  async #kill(place: Place, ms: number): Promise<boolean> {
    const { slot } = this.#options.system.at(place);
    if (!slot.isReady) return false;
    await slot.kill();
    await this.#lasts(ms);
    slot.start();
    return true;
  }

  #drain(place: Place): boolean {
    const { slot } = this.#options.system.at(place);
    if (!slot.isReady) return false;
    slot.drain();
    return true;
  }

  async #restartRedis(ms: number): Promise<boolean> {
    if (this.#isRedisDown) return false;
    this.#isRedisDown = true;
    const { redis } = this.#options.system;
    await untilWritten(redis.url);
    await redis.kill();
    await this.#lasts(ms);
    await redis.restart();
    this.#isRedisDown = false;
    return true;
  }

  async #disconnect({ type, place, ms }: Extract<Fault, { type: `network.${"pause" | "black_hole"}` }>) {
    const { network } = this.#options.system.at(place);
    if (type === "network.pause") network.pause();
    else network.blackHole();
    await this.#lasts(ms);
    network.resume();
    return true;
  }

  async #harmServer(fault: Extract<Fault, { type: `mcp.${"kill" | "pause"}` }>): Promise<boolean> {
    const { system } = this.#options;
    const worker = system.at({ kind: "worker", index: fault.worker }).slot.current;
    const pid = await runningServer(system.ledgerFolder, fault.server, worker.pid);
    if (pid === null) return false;
    if (fault.type === "mcp.kill") return signalProcess(pid, "SIGKILL");
    if (!signalProcess(pid, "SIGSTOP")) return false;
    await this.#lasts(fault.ms);
    signalProcess(pid, "SIGCONT");
    return true;
  }

  /** Ends early when the run does. */
  async #lasts(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }
}

/** False when there is no such process any more. */
function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
