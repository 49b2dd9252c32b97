/**
 * A process with a guarded host, for tests that kill it: connects the stdio server of its arguments, prints its process
 * ids.
 */
import { createHost, startProcessGuard } from "@millrace/host-core";
import { fixture, recordingLogger, structured } from "./hosts.ts";

const processGuard = startProcessGuard({ graceMs: 200 });
const servers = [fixture("std", process.argv.slice(2))];
const host = createHost({ servers, logger: recordingLogger(), processGuard });
host.start();
const processes = await host.whenWarm(20_000).then(() => structured(host, "std", "processes"));
process.stdout.write(`${JSON.stringify({ ...processes, guard: processGuard.pid })}\n`);
