import { describe, expect, test } from "vitest";
import { tensor } from "../../src/api/tensor.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { orderSteps, peakOfOrder, type Step } from "../../src/compiler/plan/order-steps.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { randomSource } from "../support/random.ts";

/** Steps of one value each that read some of the values before. */
function randomSteps(count: number, random: () => number): { steps: Step[]; sizes: number[] } {
  const steps = Array.from({ length: count }, (_, i): Step => {
    const reads = Array.from({ length: i }, (_, k) => k).filter(() => random() < 2 / (i + 1));
    return { reads, makes: [i], after: reads, inPlace: random() < 0.3 };
  });
  return { steps, sizes: steps.map(() => 1 + Math.floor(random() * 100)) };
}

/** Every order in which each step comes after those it needs. */
function* allOrders(steps: readonly Step[], taken: number[] = []): Generator<number[]> {
  if (taken.length === steps.length) yield taken;
  for (const [i, { after }] of steps.entries())
    if (!taken.includes(i) && after.every((before) => taken.includes(before))) yield* allOrders(steps, [...taken, i]);
}

/** Bytes alive, counted from scratch at each step. */
function slowPeak(steps: readonly Step[], sizes: readonly number[], order: readonly number[]): number {
  const lastRead = sizes.map((_, value) => order.findLastIndex((i) => steps[i]!.reads.includes(value)));
  const madeAt = sizes.map((_, value) => order.findIndex((i) => steps[i]!.makes.includes(value)));
  const isRead = sizes.map((_, value) => steps.some(({ reads }) => reads.includes(value)));
  return Math.max(
    ...order.map((index, at) => {
      const alive = sizes.reduce(
        (sum, size, v) => sum + (madeAt[v]! <= at && (lastRead[v]! >= at || madeAt[v] === at) ? size : 0),
        0,
      );
      const { inPlace, reads, makes } = steps[index]!;
      const made = makes.reduce((sum, value) => sum + sizes[value]!, 0);
      const taken = inPlace && reads.some((v) => isRead[v] && lastRead[v] === at && sizes[v] === made) ? made : 0;
      return alive - taken;
    }),
  );
}

describe("orderSteps", () => {
  test("keeps what depends on what, never needs more than the given order, and is mostly the best", () => {
    let best = 0;
    for (let seed = 0; seed < 120; seed++) {
      const { steps, sizes } = randomSteps(3 + (seed % 5), randomSource(seed));
      const order = orderSteps(steps, sizes);
      expect([...order].sort((a, b) => a - b)).toEqual(steps.map((_, i) => i));
      for (const [i, { after }] of steps.entries())
        for (const before of after) expect(order.indexOf(before)).toBeLessThan(order.indexOf(i));
      const peak = slowPeak(steps, sizes, order);
      expect(peakOfOrder(steps, sizes, order)).toBe(peak);
      expect(peak).toBeLessThanOrEqual(
        slowPeak(
          steps,
          sizes,
          steps.map((_, i) => i),
        ),
      );
      const least = Math.min(...[...allOrders(steps)].map((other) => slowPeak(steps, sizes, other)));
      if (peak === least) best++;
    }
    expect(best).toBeGreaterThan(100);
  });

  test("finishes one branch before it begins the next", () => {
    // Three branches that each make 100 bytes and leave 1.
    const steps: Step[] = [];
    for (let b = 0; b < 3; b++) steps.push({ reads: [], makes: [b], after: [], inPlace: false });
    for (let b = 0; b < 3; b++) steps.push({ reads: [b], makes: [3 + b], after: [b], inPlace: false });
    steps.push({ reads: [3, 4, 5], makes: [6], after: [3, 4, 5], inPlace: false });
    const sizes = [100, 100, 100, 1, 1, 1, 1];
    expect(peakOfOrder(steps, sizes, [0, 1, 2, 3, 4, 5, 6])).toBe(301);
    expect(peakOfOrder(steps, sizes, orderSteps(steps, sizes))).toBe(103);
  });
});

test.skipIf(!loadAddon().ok)("the native engine runs branches in the order that needs least", async () => {
  const branches = [0, 1, 2, 3];
  const net = parseGraph(`opset 17
input x: float32[8,512]
w: float32[512,4096] = random 1
v: float32[4096,8] = random 2
${branches.map((b) => `a${b} = MatMul(x, w)\nt${b} = Softmax<axis=${b % 2}>(a${b})`).join("\n")}
${branches.map((b) => `s${b} = MatMul(t${b}, v)`).join("\n")}
y = Concat<axis=0>(${branches.map((b) => `s${b}`).join(", ")})
output y`);
  const x = tensor(
    Float32Array.from({ length: 8 * 512 }, (_, i) => Math.sin(i)),
    [8, 512],
  );
  using session = await compileGraph(net, { engine: "native", optimize: "none" });
  using reference = await compileGraph(net, { engine: "reference", optimize: "none" });
  const [{ y }, { y: expected }] = await Promise.all([session.run({ x }), reference.run({ x })]);
  for (const [i, value] of (y!.data as Float32Array).entries()) expect(value).toBeCloseTo(Number(expected!.data[i]), 3);
  // One branch's product of 8 × 4096 floats at a time, not four.
  expect(session.memoryPlan()!.plan.height).toBeLessThan(2 * 8 * 4096 * 4);
});
