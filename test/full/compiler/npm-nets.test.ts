/**
 * TFLite and TensorFlow.js nets of npm packages on a photograph: every engine gives what the independent rendering in ONNX
 * gives on onnxruntime, and onnxruntime takes what is saved.
 */
import { describe, expect, test } from "vitest";
import { Model } from "../../../src/api/model.ts";
import type { Tensor } from "../../../src/base/tensor.ts";
import { engines } from "../../../src/runtime/engines.ts";
import { difference } from "../../support/compare.ts";
import { inputShape } from "../../support/nets.ts";
import { npmNets, packageFile } from "../../support/npm-nets.ts";
import { photoInput } from "../../support/photo.ts";
import { missing, shared } from "../../support/shared.ts";

const sizesOf = (value: Tensor): string => value.shape.join();

describe.skipIf(missing("media", "people", "astronaut.png"))("nets of npm packages", () => {
  for (const net of npmNets) {
    const file = packageFile(net.package, net.path);
    test.skipIf(!file)(`${net.package}/${net.path}`, async () => {
      const model = await Model.load(file!);
      const { name, type } = model.inputs[0]!;
      if (type?.kind !== "tensor") throw new Error("no tensor");
      const shape = inputShape(model.graph, name, net.sizes ?? {});
      const photo = shared("media", "people", "astronaut.png")!;
      const x = await photoInput(photo, type.dtype, shape, net.range ?? [0, 1]);
      const run = async (from: Model, input: string, engine: string) => {
        using session = await from.compile({ engine, threads: 2 });
        return await session.run({ [input]: x });
      };
      // Saved and read again by onnxruntime itself: the engine hands it the bytes.
      const saved = await Model.load(model.toBytes());
      const expected = await run(saved, name, "ort");
      if (net.truth && shared("models-converted", `${net.truth}.onnx`)) {
        const truth = await Model.load(shared("models-converted", `${net.truth}.onnx`)!);
        const outputs = await run(truth, truth.inputs[0]!.name, "ort");
        for (const [output, value] of Object.entries(outputs)) {
          const plain = output.replace(/#\d+$/, "");
          const found = expected[plain] ?? Object.values(expected).find((other) => sizesOf(other) === sizesOf(value));
          const { worst, maxAbs } = difference(found!, value, 1e-3, 1e-4);
          expect(worst, `${output} differs from the rendering by ${maxAbs}`).toBeLessThanOrEqual(1);
        }
      }
      for (const engine of engines.filter((candidate) => candidate.name !== "ort" && candidate.available().ok)) {
        const got = await run(model, name, engine.name);
        for (const [output, value] of Object.entries(expected)) {
          const { worst, maxAbs } = difference(got[output]!, value, 1e-3, 1e-3);
          expect(worst, `${output} on ${engine.name} differs by ${maxAbs}`).toBeLessThanOrEqual(1);
        }
      }
    });
  }
});
