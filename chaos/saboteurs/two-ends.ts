/** A worker that writes every terminal event twice, as a program. */
import { editScript } from "./edit-script.ts";

editScript("millraceStep", [
  ["  return end_job(", "  redis.call('RPUSH', KEYS[2], ARGV[#ARGV])\n  return end_job("],
]);

await import("../../apps/worker/src/main.ts");
