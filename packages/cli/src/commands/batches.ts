import type { BatchProgress } from "@millrace/contracts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-code.ts";
import { formatAge } from "../output/age.ts";
import { LISTED } from "./listed.ts";

/** `millrace batches list` */
export async function listBatches(
  { client, output }: Context,
  { limit = LISTED }: { limit?: number | undefined },
): Promise<number> {
  const batches: BatchProgress[] = [];
  for await (const batch of client.batches.list()) {
    if (batches.push(batch) >= limit) break;
  }
  if (output.json) output.value(batches);
  else if (batches.length === 0) output.note("There are no batches.");
  else {
    const rows = batches.map(({ id, status, created_at, accepted, rejected, counts }) => [
      id,
      status,
      formatAge(created_at),
      ...[accepted, counts.pending, counts.completed, counts.failed, counts.cancelled, rejected].map(String),
    ]);
    const header = ["ID", "STATUS", "AGE", "JOBS", "PENDING", "COMPLETED", "FAILED", "CANCELLED", "REJECTED"];
    output.table(header, rows);
  }
  return EXIT.ok;
}

/** `millrace batches show` */
export async function showBatch({ client, output }: Context, { id }: { id: string }): Promise<number> {
  const batch = await client.batches.get(id);
  if (output.json) output.value(batch);
  else output.text(JSON.stringify(batch, null, 2));
  return EXIT.ok;
}

/** `millrace batches cancel` */
export async function cancelBatch({ client, output }: Context, { id }: { id: string }): Promise<number> {
  const batch = await client.batches.cancel(id);
  if (output.json) output.value(batch);
  else
    output.text(
      `${batch.id} ${batch.status === "running" ? "is being cancelled" : `has ended: ${batch.status}`}`,
    );
  return EXIT.ok;
}
