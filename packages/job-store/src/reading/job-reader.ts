import type { JobPage } from "@millrace/contracts";
import type { Redis } from "ioredis";
import { isJobId } from "../job-id.ts";
import type { Keys } from "../keys.ts";
import type { Answer } from "../redis/answer.ts";
import type { ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import { EventLog, type LogEvent, type LogHead } from "./event-log.ts";
import { findJob } from "./find-job.ts";
import { JobIndex, type JobFilter } from "./job-index.ts";
import type { JobSnapshot } from "./job-view.ts";
import { LogFollower, type FollowOptions } from "./log-follower.ts";
import { ReadPlaces } from "./read-places.ts";
import { maySee, type Viewer } from "./viewer.ts";

export interface JobReaderDependencies {
  redis: Redis;
  keys: Keys;
  subscriptions: ChannelSubscriptions;
  answer: Answer;
}

/** Reads jobs and their logs for requests. What may be large is read a few at a time, see {@link ReadPlaces}. */
export class JobReader {
  readonly #dependencies: JobReaderDependencies;
  readonly #log: EventLog;
  readonly #index: JobIndex;
  readonly #places = new ReadPlaces();
  /** A page that has to search may take a second: nobody who asks for one job waits behind it. */
  readonly #listPlaces = new ReadPlaces();
  /** Runs commands whose answers may be large, once there is a place. They wait for nothing else that needs one. */
  readonly read: Answer = (commands) => this.#places.run(() => this.#dependencies.answer(commands));

  constructor(dependencies: JobReaderDependencies) {
    this.#dependencies = dependencies;
    this.#log = new EventLog(dependencies.redis, dependencies.keys);
    this.#index = new JobIndex(dependencies.redis, dependencies.keys);
  }

  /** Null when the viewer has no such job. */
  find(viewer: Viewer, jobId: string): Promise<JobSnapshot | null> {
    return this.read(() => findJob(this.#dependencies, viewer, jobId));
  }

  /** How long the log is, and whether the job has ended; null when the viewer has no such job. */
  logHead(viewer: Viewer, jobId: string): Promise<LogHead | null> {
    return this.read(async () => {
      const head = isJobId(jobId) ? await this.#log.head(jobId) : null;
      return head && maySee(viewer, head.record.tenant) ? head : null;
    });
  }

  /** See {@link EventLog.eventsAfter}. */
  readLog(jobId: string, after: number, limit: number): Promise<LogEvent[]> {
    return this.read(() => this.#log.eventsAfter(jobId, after, limit));
  }

  /** The viewer's jobs, newest first. */
  list(viewer: Viewer, filter: JobFilter): Promise<JobPage> {
    return this.#listPlaces.run(() => this.#dependencies.answer(() => this.#index.list(viewer, filter)));
  }

  follow(options: FollowOptions): LogFollower {
    const { keys, subscriptions } = this.#dependencies;
    return new LogFollower({ log: this.#log, places: this.#places, subscriptions, keys }, options);
  }
}
