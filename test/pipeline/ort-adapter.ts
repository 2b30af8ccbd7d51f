/** Runs a model file on onnxruntime-node directly: an engine of our own making is not needed to test the stages. */
import * as ort from "onnxruntime-node";
import { Tensor } from "../../src/base/tensor.ts";
import type { CompileModel } from "../../src/pipeline/ocr/ocr.ts";

export const compileWithOrt: CompileModel = async (path, options) => {
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: options.threads ?? 2, logSeverityLevel: 3 });
  return {
    async run(feeds) {
      const inputs = Object.fromEntries(
        Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor("float32", t.data as Float32Array, t.shape)]),
      );
      const outputs = await session.run(inputs);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, t]) => [name, new Tensor("float32", t.dims, t.data as Float32Array)]),
      );
    },
  };
};
