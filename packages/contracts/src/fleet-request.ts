import type { FilledPrompt, ResourceContent, WorkerReload } from "./mcp-server.ts";
import type { ProblemDetailError } from "./problem.ts";

/** How long a request waits for the workers that it asks, in milliseconds. */
export const FLEET_REQUEST_MS = 15_000;

/** What a worker answers when it is told to read its configuration again. Invalid: nothing has changed. */
export type ReloadAnswer =
  | { ok: true; report: Omit<WorkerReload, "id"> }
  | { ok: false; message: string; errors: readonly ProblemDetailError[] };

/** Why a worker could not read a resource or a prompt. */
export type ReadFailure = "not_connected" | "not_found" | "refused" | "too_large" | "timeout";

export type ReadAnswer<Contents> =
  | { ok: true; contents: Contents }
  | { ok: false; reason: ReadFailure; message: string };

/** What the api may ask of a worker, and the answer: both JSON. */
export interface FleetRequests {
  /** Read the MCP configuration again. */
  reload: { body: null; answer: ReloadAnswer };
  /** List again what a server offers; every server for null. The answer comes once it is published. */
  refresh: { body: { server: string | null }; answer: null };
  read_resource: { body: { server: string; uri: string }; answer: ReadAnswer<ResourceContent[]> };
  get_prompt: {
    body: { server: string; prompt: string; arguments: Record<string, string> };
    answer: ReadAnswer<FilledPrompt>;
  };
}
