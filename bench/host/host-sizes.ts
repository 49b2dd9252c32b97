/** How much of the MCP host is measured. */
export interface HostSizes {
  /** Calls of each side before anything counts. */
  warmUpCalls: number;
  oneAtATime: { rounds: number; calls: number };
  inFlight: { rounds: number; calls: number };
  /** How often ten servers are started together. */
  starts: number;
  /** How often 500 tools are listed. */
  listings: number;
}

export const DEFAULT_HOST_SIZES: HostSizes = {
  warmUpCalls: 2_000,
  oneAtATime: { rounds: 12, calls: 300 },
  inFlight: { rounds: 12, calls: 2_000 },
  starts: 3,
  listings: 20,
};

export const SHORT_HOST_SIZES: HostSizes = {
  warmUpCalls: 100,
  oneAtATime: { rounds: 2, calls: 50 },
  inFlight: { rounds: 2, calls: 200 },
  starts: 1,
  listings: 3,
};
