import { defineConfig } from "vitest/config";

const SHARED = {
  testTimeout: 120_000,
  hookTimeout: 180_000,
  setupFiles: ["test/setup/open-handles.ts"],
  // Modules keep nothing between tests, so files may share them: loading them anew for each takes minutes.
  isolate: false,
};

export default defineConfig({
  test: {
    // Tests start real processes: more files at a time than this only slow each other down on two cores.
    maxWorkers: 2,
    // The teardown waits for what is still closing before it calls it a leak.
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          ...SHARED,
          name: "unit",
          include: ["packages/*/src/**/*.test.ts", "apps/*/src/**/*.test.ts"],
        },
      },
      {
        test: {
          ...SHARED,
          name: "integration",
          include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "test/**/*.test.ts"],
          globalSetup: ["test/setup/integration.ts"],
        },
      },
    ],
  },
});
