import { startProcessGuard, type ProcessGuard } from "@millrace/host-core/process-guard";
import { startTcpProxy, type TcpProxy } from "@millrace/testing";
import type { Place } from "../fault.ts";
import { ProgramSlot } from "./program-slot.ts";
import { stablePort } from "./stable-port.ts";
import type { SystemLog } from "./system-log.ts";

/** For what is still there when the run itself is killed; in milliseconds. */
const GUARD_GRACE_MS = 1_000;

/** A process of the fleet, and what stands between it and Redis. */
export interface Member {
  readonly slot: ProgramSlot;
  readonly network: TcpProxy;
}

export interface FleetOptions {
  redisPort: number;
  /** Of every process. */
  environment: Readonly<Record<string, string>>;
  log: SystemLog;
}

/** The apis and workers, each in a place of its own. */
export class Fleet implements AsyncDisposable {
  readonly workers: Member[] = [];
  readonly apis: Member[] = [];
  readonly apiUrls: string[] = [];
  readonly #options: FleetOptions;
  readonly #guard: ProcessGuard = startProcessGuard({ graceMs: GUARD_GRACE_MS });

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  async startApi(): Promise<void> {
    const port = await stablePort();
    const name = `api-${this.apis.length}`;
    this.apis.push(await this.#start(name, "apps/api/src/main.ts", { PORT: String(port) }));
    this.apiUrls.push(`http://127.0.0.1:${port}`);
  }

  async startWorker(program: string, environment: Readonly<Record<string, string>>): Promise<void> {
    this.workers.push(await this.#start(`worker-${this.workers.length}`, program, environment));
  }

  at({ kind, index }: Place): Member {
    const member = (kind === "api" ? this.apis : this.workers)[index];
    if (!member) throw new Error(`there is no ${kind} ${index}`);
    return member;
  }

  /** Ends all of them as a deploy does. */
  async stop(): Promise<void> {
    await Promise.all([...this.workers, ...this.apis].map(({ slot }) => slot.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Promise.all([...this.workers, ...this.apis].map(({ network }) => network.close()));
    await this.#guard.close();
  }

  async #start(name: string, program: string, own: Readonly<Record<string, string>>): Promise<Member> {
    const { redisPort, environment, log } = this.#options;
    const network = await startTcpProxy({ host: "127.0.0.1", port: redisPort });
    const slot = new ProgramSlot({
      name,
      program,
      environment: { ...environment, ...own, REDIS_URL: `redis://127.0.0.1:${network.port}` },
      guard: this.#guard,
      ...log.of(name),
    });
    slot.start();
    return { slot, network };
  }
}
