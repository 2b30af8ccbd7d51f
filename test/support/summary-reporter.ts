/**
 * Ends a run with one plain line, `N passed, N failed, N skipped`, and before it the slowest files. Where FAILED_FILES names a
 * file, the failed test files are written there, one a line.
 */
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    const times: { file: string; seconds: number }[] = [];
    const list = process.env["FAILED_FILES"];
    if (list !== undefined) {
      const failed = modules.filter((module) => module.state() === "failed");
      writeFileSync(list, failed.map((module) => `${module.relativeModuleId}\n`).join(""));
    }
    for (const module of modules) {
      times.push({ file: module.relativeModuleId, seconds: module.diagnostic().duration / 1000 });
      if (module.state() === "failed" && module.errors().length > 0) count.failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") count[state]++;
      }
    }
    times.sort((a, b) => b.seconds - a.seconds);
    console.log(`\nslowest files:`);
    for (const { file, seconds } of times.slice(0, 8)) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${file}`);
    console.log(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
