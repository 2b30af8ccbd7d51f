/** Public placement problems: the hard ones within their capacity, the large ones near their bound. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type PlanBuffer, peakOf, planMemory } from "../../../src/compiler/plan/plan-memory.ts";
import { expectApart } from "../../support/placement.ts";
import { missing, shared } from "../../support/shared.ts";

function read(name: string): PlanBuffer[] {
  const text = readFileSync(shared("memory-plans", name)!, "utf8");
  const lines = text.trim().split("\n").slice(1);
  return lines.map((line) => {
    const [id, lower, upper, size] = line.split(",");
    return { id: id!, lower: Number(lower), upper: Number(upper), size: Number(size) };
  });
}

describe.skipIf(missing("memory-plans", "README.md"))("public instances", () => {
  test.each(["B", "C", "E", "F", "H", "I", "K"])("minimalloc %s fits in its capacity", (letter) => {
    const buffers = read(`minimalloc-${letter}.1048576.csv`);
    const plan = planMemory(buffers, { capacity: 1048576, timeoutMs: 120_000 });
    expectApart(buffers, plan.offsets);
    expect(plan.height).toBeLessThanOrEqual(1048576);
  });

  test.each(["resnet50", "G_1", "Y_1"])("idealloc %s comes within 1 % of its bound", (name) => {
    const buffers = read(`idealloc-${name}.csv`);
    const capacity = Math.floor(peakOf(buffers) * 1.01);
    // Ends with the first plan that fits.
    const plan = planMemory(buffers, { capacity, timeoutMs: 120_000 });
    expectApart(buffers, plan.offsets);
    expect(plan.height).toBeLessThanOrEqual(capacity);
  });
});
