import { abortable } from "../abortable.ts";
import { pause } from "../pause.ts";
import type { Session } from "./session.ts";

/** A wait that is worth no park. */
const IN_PLACE_MS = 5_000;
/** Jobs that wait for the same moment must not all ask in it. */
const STAGGER_MS = 1_000;
const STAGGER_SHARE = 0.1;

/** What has its own limits: a provider behind one address. */
export function providerKey({ settings }: Session["model"]): string {
  return `${settings.provider}:${settings.baseUrl ?? ""}`;
}

/** Nobody in the fleet asks the model's provider for that time. */
export async function beginCoolDown(
  { model, coolDowns, clock, signal }: Session,
  forMs: number,
): Promise<void> {
  await abortable(coolDowns.begin(providerKey(model), clock.now() + forMs), signal);
}

/** Waits until the provider may be asked. When that is far off: the time to come back, in milliseconds since 1970. */
export async function awaitCoolDown({ model, coolDowns, clock, signal }: Session): Promise<number | null> {
  for (;;) {
    const until = await abortable(coolDowns.until(providerKey(model)), signal);
    const waitMs = until === null ? 0 : until - clock.now();
    if (until === null || waitMs <= 0) return null;
    const stagger = Math.random() * (STAGGER_MS + STAGGER_SHARE * waitMs);
    if (waitMs > IN_PLACE_MS) return Math.round(until + stagger);
    // Another cool-down may have begun by then.
    await pause(waitMs, signal);
  }
}
