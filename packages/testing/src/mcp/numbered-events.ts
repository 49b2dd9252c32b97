import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

type StoredMessage = Parameters<EventStore["storeEvent"]>[1];

/** Keeps what one session has been sent, so that its streams can be resumed. An event's id is its number. */
export class NumberedEvents implements EventStore {
  readonly #events: { streamId: string; message: StoredMessage }[] = [];

  async storeEvent(streamId: string, message: StoredMessage): Promise<string> {
    return String(this.#events.push({ streamId, message }));
  }

  async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
    return this.#events[Number(eventId) - 1]?.streamId;
  }

  async replayEventsAfter(
    lastEventId: string,
    { send }: { send: (eventId: string, message: StoredMessage) => Promise<void> },
  ): Promise<string> {
    const after = Number(lastEventId);
    const { streamId = "" } = this.#events[after - 1] ?? {};
    for (const [index, event] of this.#events.entries()) {
      const isWanted = index >= after && event.streamId === streamId && "jsonrpc" in event.message;
      if (isWanted) await send(String(index + 1), event.message);
    }
    return streamId;
  }
}
