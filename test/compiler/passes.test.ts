/**
 * Every file of passes/ is a case: a graph, `---`, what its pass makes of it. The file's name starts with the pass's. Each
 * result is also run against the original on random inputs. UPDATE=1 rewrites the expected half.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { passes, runPasses } from "../../src/compiler/passes/pipeline.ts";
import { findOperator } from "../../src/ops/lookup.ts";
import { difference, randomInputs, runGraph } from "./run-graph.ts";

const folder = fileURLToPath(new URL("passes", import.meta.url));
const separator = "\n---\n";
const hasFused = findOperator("inferlab", "FusedConv") !== undefined;
const isFused = (name: string): boolean => passes.some((pass) => pass.fused && pass.name === name.split(".")[0]);
const files = readdirSync(folder).filter((name) => name.endsWith(".txt") && (hasFused || !isFused(name)));

const tolerance = { exact: 0, rounding: 2e-6, approximate: 1e-3 };

describe.each(files)("%s", (file) => {
  const [before, expected] = readFileSync(join(folder, file), "utf8").split(separator) as [string, string | undefined];
  const pass = passes.find((p) => p.name === file.split(".")[0]);
  if (!pass) throw new Error(`${file} names no pass`);
  const original = parseGraph(before);
  inferShapes(original);
  const rewritten = cloneGraph(original);
  runPasses(rewritten, { passes: [pass], verify: true, growthBytes: 1e6 });

  test("is rewritten as expected", () => {
    verifyGraph(rewritten);
    const text = printGraph(rewritten);
    if (process.env.UPDATE) writeFileSync(join(folder, file), before + separator + text);
    else expect(text).toBe(expected);
  });

  test(`computes the same (${pass.class})`, () => {
    for (let seed = 1; seed <= 5; seed++) {
      const inputs = randomInputs(original, seed);
      const was = runGraph(original, inputs);
      const is = runGraph(rewritten, inputs);
      was.forEach((value, i) => {
        expect(difference(value, is[i]!)).toBeLessThanOrEqual(tolerance[pass.class]);
      });
    }
  });
});

test("every pass has a case", () => {
  const covered = new Set(files.map((file) => file.split(".")[0]));
  expect(passes.map((pass) => pass.name).filter((name) => !covered.has(name) && (hasFused || !isFused(name)))).toEqual(
    [],
  );
});
