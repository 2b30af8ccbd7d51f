/** Outputs that nobody holds any more come back soon, and the runs that follow find their memory. */
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { memory } from "../../src/api/memory.ts";
import { tensor } from "../../src/api/tensor.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options?: { type: "minor" }) => void;

const mebibyte = 2 ** 20;

async function negation(elements: number) {
  const session = await compileGraph(parseGraph(`opset 21\ninput x: float32[${elements}]\ny = Neg(x)\noutput y`), {
    engine: "native",
    threads: 1,
  });
  const x = tensor(new Float32Array(elements).fill(0.5), [elements]);
  return { session, run: () => session.run({ x }), outputs: () => session.heap().byKind.outputs };
}

describe.skipIf(!loadAddon().ok)("outputs that nobody holds", () => {
  test("go with the first collection of the young generation", async () => {
    const { run, outputs } = await negation(16384);
    collect();
    for (let i = 0; i < 20; i++) await run();
    collect({ type: "minor" });
    // The frame may still hold the last one.
    const end = performance.now() + 20_000;
    while (outputs().blocks > 1 && performance.now() < end) await setTimeout(5);
    expect(outputs().blocks).toBeLessThanOrEqual(1);
  });

  // 400 MiB in all; what V8 lets gather is 32 MiB, as much that it sweeps, and what the event loop has not given back yet.
  // At 128 KiB a run ends where it is asked for, and a loop of runs would never let the event loop turn.
  test.each([
    { runs: 400, kibibytes: 1024 },
    { runs: 3200, kibibytes: 128 },
    { runs: 40, kibibytes: 10_240 },
  ])(
    "$runs runs of $kibibytes KiB keep within a bound, and trim() gives all of it back",
    async ({ runs, kibibytes }) => {
      const { session, run, outputs } = await negation(kibibytes * 256);
      const before = memory.stats().reservedBytes;
      for (let i = 0; i < runs; i++) await run();
      expect(outputs().peakBytes).toBeLessThan(256 * mebibyte);
      collect();
      const end = performance.now() + 20_000;
      while (outputs().blocks > 1 && performance.now() < end) await setTimeout(5);
      expect(outputs().blocks).toBeLessThanOrEqual(1);
      memory.trim();
      // The chunk of the one that may be left.
      expect(memory.stats().reservedBytes).toBeLessThanOrEqual(before + 32 * mebibyte);
      session.dispose();
    },
  );

  test("that are held stay as they are, whatever is collected", async () => {
    const { run, outputs } = await negation(65536);
    const held = [];
    for (let i = 0; i < 300; i++) {
      const { y } = await run();
      if (i % 10 === 0) held.push(y as ReturnType<typeof tensor>);
    }
    expect(outputs().blocks).toBeGreaterThanOrEqual(held.length);
    for (const y of held) expect((y.data as Float32Array).every((value) => value === -0.5)).toBe(true);
  });
});
