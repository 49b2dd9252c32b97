import { FailureNews } from "./failure-news.ts";
import { LineSweep } from "./admission/line-sweep.ts";
import type { BatchSweep } from "./batches/batch-sweep.ts";
import { IndexPurge } from "./reading/index-purge.ts";
import { isRedisAway } from "./redis/unavailable.ts";
import { RepeatingTask } from "./repeating-task.ts";
import { failOverdueJobs, type QueueTimeoutDependencies } from "./control/queue-timeouts.ts";
import { recoverSubmissions, type RecoveryDependencies } from "./submission/recover-submissions.ts";
import { recoverSchedules } from "./schedules/recover-schedules.ts";
import type { ScheduleRecords } from "./schedules/schedule-records.ts";
import type { WebhookDispatch } from "./webhooks/webhook-dispatch.ts";

const INTERVAL_MS = 1_000;
/** The lease outlives one interval, so that one worker of the fleet sweeps and another takes over when it dies. */
const LEASE_MS = 3_000;

export interface SweeperOptions extends RecoveryDependencies, QueueTimeoutDependencies {
  schedules: ScheduleRecords;
  webhooks: WebhookDispatch;
  batches: BatchSweep;
  workerId: string;
}

/**
 * Fails jobs whose time in the queue is over ({@link failOverdueJobs}), and repairs what a crash leaves between the
 * record and the queue. Each repair can be done again without harm, and one that fails is tried again by the next sweep:
 *
 * - a job with a record but, perhaps, without an entry in its queue: {@link recoverSubmissions};
 * - a line that has room and has not been fed, an admitted job without an entry in its queue: {@link LineSweep};
 * - an event that a webhook wants to hear of, and whose delivery is perhaps not queued: {@link WebhookDispatch};
 * - a schedule that has been changed, and BullMQ perhaps not told: {@link recoverSchedules};
 * - a batch that does not know of all that has happened: {@link BatchSweep};
 * - an index entry whose job has expired, or was never written, and a tenant that has nothing left: {@link IndexPurge};
 * - a queue entry whose record has ended needs no sweep: its next claim is refused, which removes it.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  readonly #purge: IndexPurge;
  readonly #lines: LineSweep;
  readonly #task: RepeatingTask;
  readonly #news: FailureNews;
  readonly #repairNews = new Map<string, FailureNews>();

  constructor(options: SweeperOptions) {
    this.#options = options;
    const { logger } = options;
    this.#news = new FailureNews({
      logger,
      failed: "Sweep failed; trying again",
      works: "Sweeps work again",
    });
    this.#task = new RepeatingTask({
      intervalMs: INTERVAL_MS,
      task: () => this.#sweepInTurn(),
      onError: (error) => this.#news.failed(error),
    });
    this.#purge = new IndexPurge(options.redis, options.keys, options.clock);
    this.#lines = new LineSweep(options);
  }

  start(): void {
    this.#task.start();
  }

  async close(): Promise<void> {
    await this.#task.close();
    await this.#options.batches.close();
  }

  /**
   * One pass, whoever holds the lease. A repair that fails holds up none of the others. Returns how many jobs it put back
   * into their queues. Rejects while Redis is away.
   */
  async sweep(): Promise<number> {
    const { schedules, webhooks, batches } = this.#options;
    let back = 0;
    await this.#repair("submissions", async () => {
      back += await recoverSubmissions(this.#options);
    });
    await this.#repair("queue timeouts", () => failOverdueJobs(this.#options));
    await this.#repair("webhooks", () => webhooks.sweep());
    await this.#repair("schedules", () => recoverSchedules({ ...this.#options, records: schedules }));
    await this.#repair("batches", () => batches.step());
    await this.#repair("index", () => this.#purge.step());
    await this.#repair("lines", async () => {
      back += await this.#lines.step();
    });
    return back;
  }

  async #repair(name: string, repair: () => Promise<void>): Promise<void> {
    const news = this.#newsOf(name);
    try {
      await repair();
      news.worked();
    } catch (error) {
      if (isRedisAway(error)) throw error;
      news.failed(error);
    }
  }

  #newsOf(repair: string): FailureNews {
    let news = this.#repairNews.get(repair);
    if (!news) {
      const { logger } = this.#options;
      const messages = { failed: "A repair failed; trying again", works: "A repair works again" };
      news = new FailureNews({ logger, fields: { repair }, ...messages });
      this.#repairNews.set(repair, news);
    }
    return news;
  }

  async #sweepInTurn(): Promise<void> {
    if (!(await this.#holdsLease())) return;
    const recovered = await this.sweep();
    this.#news.worked();
    if (recovered === 0) return;
    this.#options.logger.warn({ jobs: recovered }, "Put jobs back that were missing in their queue");
  }

  async #holdsLease(): Promise<boolean> {
    const { redis, keys, workerId } = this.#options;
    if ((await redis.set(keys.sweepLease, workerId, "PX", LEASE_MS, "NX")) === "OK") return true;
    if ((await redis.get(keys.sweepLease)) !== workerId) return false;
    await redis.pexpire(keys.sweepLease, LEASE_MS);
    return true;
  }
}
