import { isTerminalEvent, JobEvent, type ChatJob, type Job } from "@millrace/contracts";
import { expect } from "vitest";
import { EventStreamReader, type Frame } from "./event-stream-reader.ts";
import { jobOf, type HttpClient } from "./http-client.ts";

type EventOf<Type extends JobEvent["type"]> = Extract<JobEvent, { type: Type }>;

/** Submits a chat job that must be accepted. */
export async function submitChat(client: HttpClient, request: object): Promise<ChatJob> {
  const response = await client.post("/jobs", { type: "chat", ...request });
  expect(response.status).toBe(202);
  return chatJobOf(await jobOf(response));
}

function chatJobOf(job: Job): ChatJob {
  if (job.type !== "chat") throw new Error("no chat job");
  return job;
}

/** Waits until a job has ended, however long. */
export async function endOf(client: HttpClient, { id }: Pick<Job, "id">): Promise<ChatJob> {
  return chatJobOf(await jobOf(await client.get(`/jobs/${id}?wait=60`)));
}

/** Submits a chat job, and reads its events from the first to the last. */
export async function streamChat(client: HttpClient, request: object): Promise<JobEvent[]> {
  await using stream = new EventStreamReader(await client.post("/chat", { ...request, stream: true }));
  return (await stream.rest()).map(strictEvent);
}

/** The whole log of a job that ends by itself. */
export async function logOf(client: HttpClient, { id }: Pick<Job, "id">): Promise<JobEvent[]> {
  await using stream = await client.events(id);
  const events = (await stream.rest()).map(strictEvent);
  expect(events.map((event) => event.id)).toEqual(events.map((_, index) => index + 1));
  expect(events.filter(({ type }) => isTerminalEvent(type))).toHaveLength(1);
  return events;
}

/** The first event of this type, as soon as it is there. */
export async function untilEvent<Type extends JobEvent["type"]>(
  client: HttpClient,
  { id }: Pick<Job, "id">,
  type: Type,
): Promise<EventOf<Type>> {
  await using stream = await client.events(id);
  return strictEvent(await stream.untilType(type)) as EventOf<Type>;
}

/** The event of a frame, which must have exactly the form that the contract states. */
export function strictEvent(frame: Frame): JobEvent {
  const data: unknown = JSON.parse(frame.data);
  const event = JobEvent.parse(data);
  expect(event).toEqual(data);
  expect(event).toMatchObject({ id: Number(frame.id), type: frame.event });
  return event;
}

export function eventsOf<Type extends JobEvent["type"]>(
  events: readonly JobEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

/** The types in their order; deltas of one kind in a row count as one. */
export function outline(events: readonly JobEvent[]): string[] {
  const types = events.map(({ type }) => type);
  return types.filter((type, index) => !type.endsWith(".delta") || type !== types[index - 1]);
}

/** What a client shows that follows `docs/events.md` and looks at deltas alone: the text of each turn. */
export function shownText(events: readonly JobEvent[]): Map<number, string> {
  const turns = new Map<number, string>();
  for (const event of events) {
    if (event.type === "text.delta") turns.set(event.turn, (turns.get(event.turn) ?? "") + event.text);
    if (event.type === "turn.discarded") turns.delete(event.turn);
  }
  return turns;
}

/** Its text blocks, joined. */
export function textOf(content: readonly { type: string; [key: string]: unknown }[]): string {
  return content.flatMap(({ type, text }) => (type === "text" ? [String(text)] : [])).join("");
}

interface WireBlock {
  type: string;
  [key: string]: unknown;
}

/** The results of tool calls that the last message of a request to Anthropic's API holds. */
export function toolResults(body: Record<string, unknown>): WireBlock[] {
  const messages = body["messages"] as { content: string | WireBlock[] }[];
  const content = messages.at(-1)?.content ?? [];
  return typeof content === "string" ? [] : content.filter(({ type }) => type === "tool_result");
}
