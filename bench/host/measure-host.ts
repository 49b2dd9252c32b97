import type { Figure } from "../figure.ts";
import type { HostBench } from "./host-bench.ts";
import { measureManyTools } from "./many-tools.ts";
import { measureOverhead } from "./overhead.ts";
import { measureStart } from "./start-ten.ts";

/** Every figure of the MCP host, without api, worker and Redis. */
export async function measureHost(bench: HostBench): Promise<Figure[]> {
  return [
    ...(await measureOverhead(bench)),
    ...(await measureStart(bench)),
    ...(await measureManyTools(bench)),
  ];
}
