import { expect, test } from "vitest";
import { createKeys } from "../keys.ts";
import type { ChannelListener, ChannelSubscriptions } from "../redis/channel-subscriptions.ts";
import { JobEnds } from "./job-ends.ts";

test("[store.ends] who waits for a job hears of its end, and of lost messages, until the wait is over", () => {
  const channels = new Map<string, ChannelListener>();
  const subscribe = (name: string, listener: ChannelListener) => channels.set(name, listener);
  const ends = new JobEnds({ subscribe } as unknown as ChannelSubscriptions, createKeys("test"));
  const tell = (message: string | null) => channels.get(ends.channel)?.(message);
  const heard: (string | null)[] = [];
  const stop = ends.listen("job_1", (event) => heard.push(event));
  for (const message of ["job_2\n{}", "job_1\n{}", "job_1", null]) tell(message);
  expect(heard).toEqual(["{}", null, null]);
  stop();
  for (const message of ["job_1\n{}", null]) tell(message);
  expect(heard).toHaveLength(3);
});
