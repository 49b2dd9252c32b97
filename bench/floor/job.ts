/** What travels with a job of the floor: the call, and whom to answer. */
export interface FloorJob {
  id: string;
  /** Channel of the api process that waits for the result. */
  channel: string;
  tool: string;
  arguments: Record<string, unknown>;
}
