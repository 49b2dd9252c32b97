/** A viewer who sees the jobs of all tenants. */
export const EVERY_TENANT: unique symbol = Symbol("every tenant");

/** Whose jobs a request may see and change: one tenant's, or everybody's. */
export type Viewer = string | typeof EVERY_TENANT;

export function maySee(viewer: Viewer, tenant: string): boolean {
  return viewer === EVERY_TENANT || viewer === tenant;
}
