import { BATCH_REJECTIONS_MAX } from "@millrace/contracts";
import { expect, test } from "vitest";
import { findBatch, openBatch, uploadLines, uploadWith } from "./support/batches.ts";
import { createInstallation } from "./support/test-installation.ts";

test("[store.batch.rejections] a line that is rejected again counts once, and the last word on it is told", async () => {
  const installation = createInstallation();
  const { redis, keys } = installation;
  const store = installation.createApi();
  const cut = await uploadWith(installation, store, () => Promise.reject(new Error("the api died")));
  await cut.write(uploadLines(3));
  await cut.close("cut");
  const { batchId } = cut;
  const reject = async (message: string): Promise<void> => {
    const upload = await openBatch(store, "key");
    const rejection = { line: 1, custom_id: null, code: "unknown_tool", message };
    await upload.write([{ line: 1, content: Buffer.from("line 1"), rejection }]);
    await upload.close("cut");
  };
  await reject("first");
  expect(await findBatch(store, batchId)).toMatchObject({
    lines: 3,
    rejected: 1,
    rejections: [{ message: "first" }],
  });
  // No more are kept than these.
  const others = Array.from({ length: BATCH_REJECTIONS_MAX - 1 }, (_, index) => {
    const rejection = { line: index + 2, custom_id: null, code: "unknown_tool", message: "other" };
    return [String(index + 2), JSON.stringify(rejection)] as const;
  });
  await redis.hset(keys.batch(batchId).rejections, Object.fromEntries(others));
  await reject("second");
  const { rejected, rejections } = await findBatch(store, batchId);
  expect(rejected).toBe(1);
  expect(rejections).toHaveLength(BATCH_REJECTIONS_MAX);
  expect(rejections[0]).toMatchObject({ line: 1, message: "second" });
});
