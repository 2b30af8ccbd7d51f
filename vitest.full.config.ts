import { defineConfig } from "vitest/config";

/** The exhaustive tests: one file at a time, since many of them use every core or count processes. */
export default defineConfig({
  test: {
    include: ["test/full/**/*.test.ts"],
    testTimeout: 20 * 60_000,
    hookTimeout: 5 * 60_000,
    maxWorkers: 1,
    fileParallelism: false,
    pool: "forks",
    reporters: ["default", "./test/support/summary-reporter.ts"],
    passWithNoTests: false,
  },
});
