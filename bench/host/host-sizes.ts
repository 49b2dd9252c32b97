import type { Place } from "./callers.ts";

/** How much of a call through the host is measured. */
interface CallSizes {
  /** Calls of each side before anything counts: the processes have compiled their code by then. */
  warmUpCalls: number;
  oneAtATime: { rounds: number; calls: number };
  inFlight: { rounds: number; calls: number };
}

/** How much of the MCP host is measured. */
export interface HostSizes {
  /** A call over stdio takes so little that many are needed for a figure that says something. */
  calls: Readonly<Record<Place["type"], CallSizes>>;
  /** How often ten servers are started together. */
  starts: number;
  /** How often 500 tools are listed. */
  listings: number;
}

export const DEFAULT_HOST_SIZES: HostSizes = {
  calls: {
    stdio: {
      warmUpCalls: 20_000,
      oneAtATime: { rounds: 12, calls: 3_000 },
      inFlight: { rounds: 12, calls: 20_000 },
    },
    http: {
      warmUpCalls: 10_000,
      oneAtATime: { rounds: 12, calls: 600 },
      inFlight: { rounds: 12, calls: 4_000 },
    },
  },
  starts: 3,
  listings: 20,
};

const SHORT_CALL_SIZES: CallSizes = {
  warmUpCalls: 100,
  oneAtATime: { rounds: 2, calls: 50 },
  inFlight: { rounds: 2, calls: 200 },
};

export const SHORT_HOST_SIZES: HostSizes = {
  calls: {
    stdio: SHORT_CALL_SIZES,
    http: SHORT_CALL_SIZES,
  },
  starts: 1,
  listings: 3,
};
