import { setTimeout as delay } from "node:timers/promises";
import type { Client, McpSubscription, SubscriptionFilter } from "@modelcontextprotocol/client";
import { systemClock } from "../../clock.ts";
import { describeError } from "../../describe-error.ts";
import type { McpConnectionEvents } from "../connection.ts";

const FIRST_PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;
/** A stream that breaks sooner has proven nothing. */
const SHORT_LIFE_MS = 10_000;

function wantedChanges(client: Client): SubscriptionFilter | null {
  const { tools, resources, prompts } = client.getServerCapabilities() ?? {};
  const filter: SubscriptionFilter = {
    ...(tools?.listChanged && { toolsListChanged: true }),
    ...(resources?.listChanged && { resourcesListChanged: true }),
    ...(prompts?.listChanged && { promptsListChanged: true }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

/**
 * Hears of changed lists (MCP specification 2026-07-28, "Subscriptions"): one stream, opened anew when it breaks.
 * Whatever changed in between is asked for then.
 */
export class ChangeFeed {
  readonly #client: Client;
  readonly #events: McpConnectionEvents;
  readonly #stop = new AbortController();

  constructor(client: Client, events: McpConnectionEvents) {
    this.#client = client;
    this.#events = events;
    client.setNotificationHandler("notifications/tools/list_changed", () => events.onToolsChanged());
    client.setNotificationHandler("notifications/resources/list_changed", () => events.onResourcesChanged());
    client.setNotificationHandler("notifications/prompts/list_changed", () => events.onPromptsChanged());
  }

  /** Resolves when the first stream is open, or cannot be opened, or when there is nothing to hear of. */
  async start(timeoutMs: number): Promise<void> {
    const filter = wantedChanges(this.#client);
    if (!filter) return;
    try {
      void this.#follow(await this.#listen(filter, timeoutMs), filter, timeoutMs);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#events.onWarning(`changes of its lists cannot be heard of: ${describeError(error)}`);
    }
  }

  stop(): void {
    this.#stop.abort(new Error("the connection was closed"));
  }

  #listen(filter: SubscriptionFilter, timeout: number): Promise<McpSubscription> {
    return this.#client.listen(filter, { signal: this.#stop.signal, timeout });
  }

  /** Never rejects. */
  async #follow(first: McpSubscription, filter: SubscriptionFilter, timeoutMs: number): Promise<void> {
    const { signal } = this.#stop;
    let subscription: McpSubscription | null = first;
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      if (subscription) {
        const openedAt = systemClock.monotonicMs();
        await subscription.closed;
        if (systemClock.monotonicMs() - openedAt >= SHORT_LIFE_MS) pauseMs = FIRST_PAUSE_MS;
      }
      await delay(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      // Refused or not reached: it is tried again after a longer pause.
      subscription = await this.#listen(filter, timeoutMs).catch(() => null);
      if (subscription) this.#announceAll();
    }
  }

  #announceAll(): void {
    this.#events.onToolsChanged();
    this.#events.onResourcesChanged();
    this.#events.onPromptsChanged();
  }
}
