/** How much the chat figures measure. Times are in milliseconds. */
export interface ChatSizes {
  /** Jobs that wait for the model at the same time, how often that is measured, and the time to submit them in. */
  atOnce: { jobs: number; rounds: number; modelMs: number; leadMs: number };
  /** Streams, each with a running job whose model says something at one of these paces, and how long they are watched. */
  speaking: { streams: number; everyMs: readonly number[]; watchedMs: number };
  /** Jobs, one after the other, of so many turns with a call and one without. */
  turns: { jobs: number; calls: number };
  /** Streams of jobs that wait, and how long they stay open before their memory is looked at. */
  idle: { streams: number; openMs: number };
  workerStarts: number;
}

export const DEFAULT_CHAT_SIZES: ChatSizes = {
  atOnce: { jobs: 1_000, rounds: 3, modelMs: 2_000, leadMs: 10_000 },
  speaking: { streams: 1_000, everyMs: [1_000, 250], watchedMs: 15_000 },
  turns: { jobs: 40, calls: 20 },
  // Longer than the 15 s between two comments, which are a part of being open.
  idle: { streams: 10_000, openMs: 20_000 },
  workerStarts: 5,
};

export const SHORT_CHAT_SIZES: ChatSizes = {
  atOnce: { jobs: 100, rounds: 1, modelMs: 200, leadMs: 2_000 },
  speaking: { streams: 50, everyMs: [250], watchedMs: 1_000 },
  turns: { jobs: 3, calls: 5 },
  idle: { streams: 200, openMs: 500 },
  workerStarts: 1,
};
