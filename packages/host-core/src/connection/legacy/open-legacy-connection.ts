import type { DriverOptions } from "../driver-options.ts";
import { LegacyConnection } from "./legacy-connection.ts";
import { stdioLink, type Link } from "./link.ts";

/** Makes a connection that is not connected yet. What only remote servers need is loaded for them alone. */
export async function openLegacyConnection(options: DriverOptions): Promise<LegacyConnection> {
  return new LegacyConnection({ ...options, link: await openLink(options) });
}

async function openLink({ location, ...options }: DriverOptions): Promise<Link> {
  if (location.type === "stdio") return stdioLink(location.process);
  const { remoteLink } = await import("./remote-link.ts");
  return remoteLink(location, options);
}
