import type { ReadAnswer, ResourceContent } from "@millrace/contracts";
import type { Host, Reading, ResourceContents } from "@millrace/host-core";
import type { FleetHandlers, WorkerRegistry } from "@millrace/job-store";
import type { Reload } from "./reload.ts";

export interface FleetHandlerDependencies {
  host: Pick<Host, "refresh" | "readResource" | "getPrompt">;
  /** Told to make new lists known. */
  registry: Pick<WorkerRegistry, "publish">;
  reload: Reload;
}

/** What the api may ask of this worker. */
export function createFleetHandlers({ host, registry, reload }: FleetHandlerDependencies): FleetHandlers {
  return {
    reload,
    refresh: async ({ server }) => {
      await host.refresh(server ?? undefined);
      await registry.publish();
      return null;
    },
    read_resource: async ({ server, uri }, signal) => {
      const reading = await host.readResource(server, uri, signal);
      return reading ? toAnswer(reading) : notHere(server);
    },
    get_prompt: async ({ server, prompt, arguments: given }, signal) => {
      const reading = await host.getPrompt(server, prompt, given, signal);
      if (!reading) return notHere(server);
      if (!reading.ok) return reading;
      const { description, messages } = reading.contents;
      return { ok: true, contents: { description, messages: [...messages] } };
    },
  };
}

/** A reload has taken it away since the api looked. */
function notHere(server: string): ReadAnswer<never> {
  return { ok: false, reason: "not_connected", message: `This worker has no server "${server}".` };
}

function toAnswer(reading: Reading<readonly ResourceContents[]>): ReadAnswer<ResourceContent[]> {
  if (!reading.ok) return reading;
  const contents = reading.contents.map((part): ResourceContent => {
    const { uri, mimeType: mime_type } = part;
    return "text" in part
      ? { uri, mime_type, text: part.text, blob: null }
      : { uri, mime_type, text: null, blob: part.blob };
  });
  return { ok: true, contents };
}
