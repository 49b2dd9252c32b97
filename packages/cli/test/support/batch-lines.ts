import type { JobEventPage, JobPage } from "@millrace/contracts";
import { expect, vi } from "vitest";
import type { HttpClient } from "../../../../test/support/http-client.ts";

/** A line of a batch: a tool job, which is called after its number. */
export function line(
  index: number,
  job: object = { tool: "echo", arguments: { text: `text ${index}` } },
): string {
  return `${JSON.stringify({ type: "tool", ...job, custom_id: `line-${index}` })}\n`;
}

/** One that does not run before {@link approveHeld}. */
export function heldLine(index: number): string {
  return line(index, { tool: "echo", arguments: { text: "held" }, approval: "always" });
}

/** Lets the one job go on that waits for an approval, as soon as it does. */
export async function approveHeld(client: HttpClient): Promise<void> {
  await vi.waitFor(
    async () => {
      const { jobs } = await client.read<JobPage>("/jobs?status=parked");
      const id = jobs[0]?.id ?? "none";
      const response = await client.get(`/jobs/${id}/events`, { accept: "application/json" });
      const { events = [] } = (await response.json()) as Partial<JobEventPage>;
      const asked = events.find(({ type }) => type === "approval.requested");
      const call = asked?.type === "approval.requested" ? asked.tool_call_id : "none";
      expect((await client.post(`/jobs/${id}/approvals/${call}`, { decision: "approve" })).status).toBe(200);
    },
    { timeout: 60_000, interval: 100 },
  );
}
