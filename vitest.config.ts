import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/full/**", "node_modules/**"],
    // Limits of what hangs; a busy machine may take ten times as long as a quiet one.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
    pool: "forks",
    reporters: ["default", "./test/support/summary-reporter.ts"],
  },
});
