/** Public placement problems: the hard ones within their capacity, the large ones near their bound. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type PlanBuffer, planMemory } from "../../../src/compiler/plan/plan-memory.ts";
import { missing, shared } from "../../support/shared.ts";

function read(name: string): PlanBuffer[] {
  const text = readFileSync(shared("memory-plans", name)!, "utf8");
  const lines = text.trim().split("\n").slice(1);
  return lines.map((line) => {
    const [id, lower, upper, size] = line.split(",");
    return { id: id!, lower: Number(lower), upper: Number(upper), size: Number(size) };
  });
}

/** Every buffer lies apart from those alive with it. */
function expectApart(buffers: readonly PlanBuffer[], offsets: readonly number[]): void {
  const events = buffers.flatMap((b, i) => [
    { time: b.lower, i, begins: true },
    { time: b.upper, i, begins: false },
  ]);
  events.sort((a, b) => a.time - b.time || Number(a.begins) - Number(b.begins));
  const alive = new Set<number>();
  for (const { i, begins } of events) {
    if (!begins) {
      alive.delete(i);
      continue;
    }
    if (buffers[i]!.upper <= buffers[i]!.lower) continue;
    for (const j of alive) {
      const apart = offsets[i]! >= offsets[j]! + buffers[j]!.size || offsets[j]! >= offsets[i]! + buffers[i]!.size;
      if (!apart) throw new Error(`buffers ${buffers[i]!.id} and ${buffers[j]!.id} overlap`);
    }
    alive.add(i);
  }
}

describe.skipIf(missing("memory-plans", "README.md"))("public instances", () => {
  test.each(["B", "C", "E", "F", "H", "I", "K"])("minimalloc %s fits in its capacity", (letter) => {
    const buffers = read(`minimalloc-${letter}.1048576.csv`);
    const plan = planMemory(buffers, { capacity: 1048576, timeoutMs: 120_000 });
    expectApart(buffers, plan.offsets);
    expect(plan.height).toBeLessThanOrEqual(1048576);
  });

  test.each([
    ["resnet50", 1.01],
    ["G_1", 1.01],
    ["Y_1", 1.01],
  ])("idealloc %s is near its bound", (name, ratio) => {
    const buffers = read(`idealloc-${name}.csv`);
    const plan = planMemory(buffers, { timeoutMs: 30_000 });
    expectApart(buffers, plan.offsets);
    expect(plan.height / plan.lowerBound).toBeLessThanOrEqual(ratio);
  });
});
