import { defineConfig } from "vitest/config";

const SHARED = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  setupFiles: ["test/setup/open-handles.ts"],
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
          // They keep nothing between tests, so they may share their modules: loading them is most of their time.
          isolate: false,
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
