/** A fast part of the conformance pack: of each operator the test with the smallest files, in this process. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { difference, onnxTolerance } from "../../scripts/conformance/compare.ts";
import { type PackTest, readPack, readValues } from "../../scripts/conformance/pack.ts";
import type { Figures } from "../../scripts/conformance/report.ts";
import { runners } from "../../scripts/conformance/runners.ts";
import { missing, repositoryRoot, shared } from "../support/shared.ts";

const folder = shared("onnx-backend-tests");

function sample(): PackTest[] {
  const figures = JSON.parse(readFileSync(join(repositoryRoot, "test/full/conformance.json"), "utf8")) as Figures;
  const known = new Set(Object.keys(figures.engines["reference"]!.failed));
  const smallest = new Map<string, PackTest & { readonly bytes: number }>();
  for (const entry of readPack(folder!) as (PackTest & { readonly bytes: number })[]) {
    if (known.has(entry.path) || entry.path.startsWith("light/")) continue;
    const before = smallest.get(entry.op);
    if (!before || entry.bytes < before.bytes) smallest.set(entry.op, entry);
  }
  return [...smallest.values()];
}

for (const engine of ["reference", "inference", "optimized"]) {
  test.skipIf(missing("onnx-backend-tests"))(`${engine} passes the smallest test of each operator`, async () => {
    const wrong: string[] = [];
    const tests = sample();
    for (const entry of tests) {
      try {
        const feeds = readValues(folder!, entry, 0, "input");
        const [made] = await runners[engine]!.run(join(folder!, entry.path, "model.onnx"), [feeds]);
        for (const [name, value] of Object.entries(readValues(folder!, entry, 0, "output"))) {
          const judged = !entry.flags.includes("nondeterministic");
          const found = difference(made![name], value, onnxTolerance, judged);
          if (found) wrong.push(`${entry.path}: ${name} ${found}`);
        }
      } catch (error) {
        wrong.push(`${entry.path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(tests.length).toBeGreaterThan(150);
    expect(wrong).toEqual([]);
  });
}
