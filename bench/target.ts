export type Side = "floor" | "system";

/** One side of the comparison while it runs: where its jobs go, and its processes. */
export interface Target {
  readonly side: Side;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The request of every job, as JSON. */
  readonly body: string;
  /** @throws Error unless this answer tells of a job that did what it was to do. */
  readonly check: (status: number, text: string) => void;
  readonly processIds: { readonly api: number; readonly worker: number };
}
