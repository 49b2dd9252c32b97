import {
  BEST_STATUS_FIRST,
  mayUseServer,
  mayUseTool,
  type Server,
  type ServerReport,
  type ServerStatus,
  type Tool,
  type ToolAccess,
  type Worker,
} from "@millrace/contracts";

/** A live worker and what it reports; null while it has not reported. */
export interface FleetMember {
  worker: Worker;
  reports: ServerReport[] | null;
}

/** The fleet at one moment, merged over its live workers. */
export class FleetView {
  readonly members: readonly FleetMember[];
  /** For each server name the report that speaks for it: of the worker whose status wins. */
  readonly reports: readonly ServerReport[];
  readonly #narrowed = new WeakMap<ToolAccess, FleetView>();

  constructor(members: readonly FleetMember[]) {
    this.members = members;
    const best = new Map<string, ServerReport>();
    for (const { reports } of members) {
      for (const report of reports ?? []) {
        const other = best.get(report.name);
        if (!other || rank(report.status) < rank(other.status)) best.set(report.name, report);
      }
    }
    this.reports = [...best.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether anything is known of the servers. */
  get hasReported(): boolean {
    return this.members.some((member) => member.reports !== null);
  }

  /** The fleet as if it had nothing but the servers and tools that a key may use. */
  visibleTo(access: ToolAccess | null): FleetView {
    if (!access) return this;
    const narrowed =
      this.#narrowed.get(access) ?? new FleetView(this.members.map((member) => narrow(member, access)));
    this.#narrowed.set(access, narrowed);
    return narrowed;
  }

  get workers(): Worker[] {
    return this.members.map((member) => member.worker);
  }

  servers(): Server[] {
    return this.reports.map((report) => this.#server(report));
  }

  tools(): Tool[] {
    return this.reports.flatMap((report) => report.tools);
  }

  /** Live workers that have this server: those where it is connected first, and first the one heard of last. */
  holders(server: string): Worker[] {
    const holders = this.workers.filter((worker) => statusOn(worker, server) !== null);
    const order = (worker: Worker) => rank(statusOn(worker, server) ?? "unknown");
    return holders.toSorted((a, b) => order(a) - order(b) || a.heartbeat_age_ms - b.heartbeat_age_ms);
  }

  #server(report: ServerReport): Server {
    const { name, display_name, description, transport_type, status, last_error } = report;
    const holders = this.holders(name);
    const connected = holders.filter((worker) => statusOn(worker, name) === "connected");
    return {
      name,
      display_name,
      description,
      transport_type,
      status,
      available_tools: report.tools.map((tool) => tool.tool_name),
      available_resources: report.resources.map(({ uri }) => uri),
      last_error,
      workers: { connected: connected.length, total: holders.length },
    };
  }
}

/** Null when the worker does not have the server, whose name may be one that every object has, such as `constructor`. */
function statusOn({ servers }: Worker, server: string): ServerStatus | null {
  return Object.hasOwn(servers, server) ? (servers[server] ?? null) : null;
}

function narrow({ worker, reports }: FleetMember, access: ToolAccess): FleetMember {
  const servers = Object.entries(worker.servers).filter(([name]) => mayUseServer(access, name));
  const visible = reports?.filter(({ name }) => mayUseServer(access, name));
  const narrowed = visible?.map((report) => ({
    ...report,
    tools: report.tools.filter(({ tool_name: tool }) => mayUseTool(access, report.name, tool)),
    withheld_tools: report.withheld_tools.filter(({ tool_name: tool }) =>
      mayUseTool(access, report.name, tool),
    ),
  }));
  return { worker: { ...worker, servers: Object.fromEntries(servers) }, reports: narrowed ?? null };
}

function rank(status: ServerStatus): number {
  const position = BEST_STATUS_FIRST.findIndex((better) => better === status);
  return position < 0 ? BEST_STATUS_FIRST.length : position;
}
