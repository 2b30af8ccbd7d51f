/** Real nets that once stopped the compiler or an engine, as users compile them: each engine of ours gives what ort gives. */

import { describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { Values } from "../../src/runtime/engine.ts";
import { engines, findEngine } from "../../src/runtime/engines.ts";
import { difference } from "../support/compare.ts";
import { seededFeeds, shapesOf } from "../support/nets.ts";
import { missing, shared } from "../support/shared.ts";

const nets = [
  ["models-converted", "selfie_segmentation"],
  ["models", "silero_vad"],
  ["models", "silero_vad_16k_op15"],
  ["models", "silero_vad_op18_ifless"],
] as const;

function expectClose(model: Model, got: Values, expected: Values): void {
  for (const { name: output } of model.outputs) {
    const { worst, maxAbs } = difference(got[output] as Tensor, expected[output] as Tensor, 1e-3, 1e-5);
    expect(worst, `${output}: largest difference ${maxAbs}`).toBeLessThanOrEqual(1);
  }
}

describe.each(nets)("%s/%s", (folder, name) => {
  test.skipIf(missing(folder, `${name}.onnx`))("ort takes what simplify makes of it", async () => {
    const model = await Model.load(shared(folder, `${name}.onnx`)!);
    const feeds = seededFeeds(model.graph, name, shapesOf[name]?.[0] ?? {});
    const { model: simplified } = await model.simplify();
    const before = await model.compile({ engine: "ort", threads: 1 });
    const after = await simplified.compile({ engine: "ort", threads: 1 });
    const expected = await before.run(feeds);
    const got = await after.run(feeds);
    before.dispose();
    after.dispose();
    expectClose(model, got, expected);
  });

  for (const engine of engines.filter((candidate) => candidate.name !== "ort"))
    test.skipIf(missing(folder, `${name}.onnx`) || !engine.available().ok)(
      `${engine.name} gives what ort gives`,
      async () => {
        const model = await Model.load(shared(folder, `${name}.onnx`)!);
        const feeds = seededFeeds(model.graph, name, shapesOf[name]?.[0] ?? {});
        const ort = await model.compile({ engine: "ort", threads: 1 });
        const ours = await model.compile({ engine: engine.name, threads: 2 });
        const expected = await ort.run(feeds);
        const got = await ours.run(feeds);
        ours.dispose();
        ort.dispose();
        expectClose(model, got, expected);
      },
      60_000,
    );
});

test.skipIf(missing("models", "silero_vad.onnx") || !findEngine("native").available().ok)(
  "native runs the branch for either sample rate by its kernels",
  async () => {
    const model = await Model.load(shared("models", "silero_vad.onnx")!);
    const ort = await model.compile({ engine: "ort", threads: 1 });
    const ours = await model.compile({ engine: "native", threads: 2 });
    for (const [rate, length] of [
      [16000, 576],
      [8000, 288],
      [16000, 576],
    ] as const) {
      const feeds = {
        ...seededFeeds(model.graph, "silero_vad", { "?1": 1, "?2": length, "?3": 1 }, rate),
        sr: new Tensor("int64", [], BigInt64Array.of(BigInt(rate))),
      };
      expectClose(model, await ours.run(feeds), await ort.run(feeds));
      expect(ours.explain().map((line) => line.op)).not.toContain("If");
    }
    ours.dispose();
    ort.dispose();
  },
);
