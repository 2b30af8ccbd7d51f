/**
 * Every file of passes/ is a case: a graph, `---`, what its pass makes of it. The file's name starts with the pass's. Each
 * result is also run against the original on random inputs. UPDATE=1 rewrites the expected half.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { passes, runPasses } from "../../src/compiler/passes/pipeline.ts";
import { findOperator } from "../../src/ops/lookup.ts";
import { resolveVersion } from "../../src/ops/operator.ts";
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

describe("opsets", () => {
  const hardSwish = (opset: number): string => `opset ${opset}
input x: float32[2,3,4]
s: int64[3] = [6, 4, 1]
three: float32[] = 3
six: float32[] = 6
low: float32[] = 0
t: int64[2] = [4, 6]
r = Reshape(x, s)
a = Add(r, three)
c = Clip(a, low, six)
m = Mul(r, c)
h = Div(m, six)
y = Reshape(h, t)
output y
`;

  test.each([
    [13, false],
    [13, true],
    [14, false],
    [21, true],
  ])("an activation rebuilt under opset %i (fused: %s) can be moved", (opset, fused) => {
    const original = parseGraph(hardSwish(opset));
    inferShapes(original);
    const rewritten = cloneGraph(original);
    runPasses(rewritten, { passes: passes.filter((pass) => fused || !pass.fused), verify: true });
    const ops = rewritten.nodes.map((node) => node.op);
    if (fused || opset >= 14) expect(ops).toEqual(["HardSwish", "Reshape"]);
    else expect(ops).not.toContain("HardSwish");
    const inputs = randomInputs(original, 1);
    expect(difference(runGraph(original, inputs)[0]!, runGraph(rewritten, inputs)[0]!)).toBeLessThanOrEqual(1e-6);
  });

  test("no pass writes what a graph's opset does not have", () => {
    let numChanged = 0;
    for (const file of files) {
      const [before] = readFileSync(join(folder, file), "utf8").split(separator) as [string];
      for (let opset = 1; opset <= 24; opset += 3) {
        const graph = parseGraph(`opset ${opset}\n${before.replace(/^opset \d+\n/, "")}`);
        try {
          inferShapes(graph);
        } catch (error) {
          // The case itself is written for another opset.
          if (error instanceof InferlabError) continue;
          throw error;
        }
        for (const fused of [false, true]) {
          const rewritten = cloneGraph(graph);
          const log = runPasses(rewritten, { passes: passes.filter((pass) => fused || !pass.fused), verify: true });
          if (log.length > 0) numChanged++;
          for (const g of [rewritten, ...rewritten.nested()])
            for (const node of g.nodes) {
              expect(resolveVersion(node.operator, node.opset), `${file} ${opset} ${node.op}`).toBeDefined();
              if (!fused && node.operator.domain === "") expect(node.opset, `${file} ${opset}`).toBe(opset);
            }
        }
      }
    }
    expect(numChanged).toBeGreaterThan(250);
  });
});
