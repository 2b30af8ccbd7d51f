/** Many random graphs in a child process: reference against passes, native engine and onnxruntime-node. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../support/shared.ts";

test("300 random graphs give the same on every engine", () => {
  const script = join(repositoryRoot, "dist/scripts/fuzz.js");
  const run = spawnSync(process.execPath, [script, "--from", "1000", "--count", "300", "--seconds", "300", "--json"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  expect(run.signal, run.stderr).toBeNull();
  const report = JSON.parse(run.stdout) as { graphs: number; failures: object[]; targets: string[] };
  console.log(`${report.graphs} graphs on ${report.targets.join(", ")}`);
  expect(report.failures).toEqual([]);
  expect(report.graphs).toBeGreaterThan(50);
});
