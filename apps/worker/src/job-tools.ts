import {
  jobError,
  mayUseServer,
  mayUseTool,
  ToolDirectory,
  type ToolAccess,
  type ToolResolution,
} from "@millrace/contracts";
import type { Host } from "@millrace/host-core";
import type { JobExecution } from "@millrace/job-store";

/** What the jobs of a worker use of its host. */
export type JobTools = Pick<Host, "tools" | "whenSettled" | "resolveTool" | "callTool" | "approvalPolicy">;

type Wanted = Parameters<Host["resolveTool"]>[0];

/** The host as a job may use it. Its calls carry the trace of the request that submitted the job. */
export function jobTools(
  host: Host,
  { toolAccess, traceparent }: Pick<JobExecution, "toolAccess" | "traceparent">,
): JobTools {
  const tools = toolAccess ? restrictedTools(host, toolAccess) : host;
  if (traceparent === null) return tools;
  return {
    tools: () => tools.tools(),
    approvalPolicy: (tool) => tools.approvalPolicy(tool),
    whenSettled: (servers, signal) => tools.whenSettled(servers, signal),
    resolveTool: (request) => tools.resolveTool(request),
    callTool: (request) => tools.callTool({ ...request, traceparent }),
  };
}

/**
 * The host as if it had nothing but the servers and tools that a job's key may use. The api has judged the request by
 * the same rules, as far as the fleet was known then.
 */
function restrictedTools(host: Host, access: ToolAccess): JobTools {
  const resolveTool = async ({ server, tool, signal, onWaiting }: Wanted): Promise<ToolResolution> => {
    for (;;) {
      const visible = host.reports().filter(({ name }) => mayUseServer(access, name));
      const directory = ToolDirectory.ofReports(visible, (found) =>
        mayUseTool(access, found.server_name, found.tool_name),
      );
      const resolution = refuseHidden(directory.resolve(server, tool), access);
      const wanted = serversToWaitFor(resolution);
      const connecting = visible
        .filter(({ name, status }) => status === "connecting" && wanted.includes(name))
        .map(({ name }) => name);
      if (connecting.length === 0) return resolution;
      onWaiting?.("server");
      await host.whenSettled(connecting, signal);
    }
  };
  return {
    tools: () => host.tools().filter((tool) => mayUseTool(access, tool.server_name, tool.tool_name)),
    approvalPolicy: (tool) => host.approvalPolicy(tool),
    whenSettled: (servers, signal) => {
      const names = servers ?? host.reports().map(({ name }) => name);
      const visible = names.filter((name) => mayUseServer(access, name));
      return host.whenSettled(visible, signal);
    },
    resolveTool,
    callTool: async (request) => {
      request.signal.throwIfAborted();
      const target = await resolveTool(request);
      if (!target.ok) return { ok: false, error: target.error };
      // By its own name: no other tool may take its place meanwhile.
      return await host.callTool({ ...request, server: target.server, tool: target.toolName });
    },
  };
}

/** Those that may change the answer once they have connected. */
function serversToWaitFor(resolution: ToolResolution): readonly string[] {
  if (!resolution.ok) return resolution.waitFor;
  return resolution.tool ? [] : [resolution.server];
}

/** A server that is away has tools that nobody can list, and that may not be used all the same. */
function refuseHidden(resolution: ToolResolution, access: ToolAccess): ToolResolution {
  if (!resolution.ok || mayUseTool(access, resolution.server, resolution.toolName)) return resolution;
  const message = `Server "${resolution.server}" has no tool "${resolution.toolName}" for this key.`;
  return { ok: false, error: jobError("unknown_tool", message), waitFor: [] };
}
