/** Checked mode says nothing where nothing is wrong: 1,000 runs of 100 nets, each run an error if it did. */
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { memory } from "../../../src/api/memory.ts";
import { Model } from "../../../src/api/model.ts";
import { tensor } from "../../../src/api/tensor.ts";
import { randomGraph } from "../../../src/compiler/tools/random-graph.ts";
import { loadAddon, requireAddon } from "../../../src/runtime/native/addon.ts";
import { seeded } from "../../support/compare.ts";

test.skipIf(!loadAddon().ok)("no false report in 1,000 runs", async () => {
  const random = seeded(11);
  // Outputs that nobody holds would otherwise be looked at after each run.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let runs = 0;
  memory.check(true);
  try {
    for (let seed = 1; seed <= 100; seed++) {
      const graph = randomGraph({ seed, steps: 6 + (seed % 10) });
      using session = await new Model(graph).compile({ engine: "native", threads: 1 + (seed % 2) });
      const { type } = session.inputs[0]!;
      const shape = (type as { shape: readonly number[] }).shape;
      const size = shape.reduce((a, b) => a * b, 1);
      for (let run = 0; run < 10; run++, runs++) {
        const x = Float32Array.from({ length: size }, () => random() * 4 - 2);
        await session.run({ x: tensor(x, [...shape]) });
      }
      expect(memory.findings(), `seed ${seed}`).toEqual([]);
      collect();
      await setImmediate();
    }
    // Not because nobody looks: blocks are watched.
    const kept = requireAddon().allocate(1000, "kept");
    expect(memory.leaks().some(({ owner }) => owner.startsWith("kept"))).toBe(true);
    expect(kept.byteLength).toBe(1000);
  } finally {
    memory.check(false);
  }
  expect(runs).toBe(1000);
});
