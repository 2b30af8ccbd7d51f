/** The fuzzer: a few seeds, the graphs it once found, and that shrinking finds the node at fault. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { disagreement, fuzzCase, fuzzTargets } from "../../scripts/fuzz/case.ts";
import { shrink } from "../../scripts/fuzz/shrink.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { repositoryRoot } from "../support/shared.ts";

// The native engine is fuzzed in test/full, where a crash costs a child process only.
const targets = fuzzTargets().filter((name) => name !== "native");

test("a seed gives the same graph each time", () => {
  expect(printGraph(fuzzCase(7).graph)).toBe(printGraph(fuzzCase(7).graph));
  expect(printGraph(fuzzCase(7).graph)).not.toBe(printGraph(fuzzCase(8).graph));
});

test(`the first 15 seeds agree on ${targets.join(", ")}`, async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const { graph } = fuzzCase(seed);
    verifyGraph(graph);
    expect(await disagreement(graph, seed, targets), `seed ${seed}`).toBeUndefined();
  }
});

test("shrinks to the node at fault", async () => {
  const seed = 2;
  const { graph } = fuzzCase(seed);
  const culprit = graph.nodes[Math.floor(graph.nodes.length / 2)]!.op;
  const judge: typeof disagreement = async (candidate) =>
    candidate.nodes.some((node) => node.op === culprit) ? { target: "passes", reason: "pretended" } : undefined;
  const small = await shrink(graph, seed, { target: "passes", reason: "pretended" }, judge);
  verifyGraph(small.graph);
  expect(small.graph.nodes.map((node) => node.op)).toEqual([culprit]);
});

const folder = join(repositoryRoot, "test/ops/fuzz-cases");
const cases = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".onnx")) : [];
describe.skipIf(cases.length === 0)("graphs that once failed", () => {
  test.each(cases)("%s", async (file) => {
    const seed = Number(/\d+/.exec(file)?.[0] ?? 1);
    expect(await disagreement(readOnnx(join(folder, file)), seed, targets)).toBeUndefined();
  });
});
