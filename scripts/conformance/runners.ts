/** How a test's model is run on each engine by name. */
import { readFileSync } from "node:fs";
import type { RuntimeValue } from "../../src/base/tensor.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { reference } from "../../src/runtime/reference.ts";
import { runAndInfer } from "./inference.ts";
import { runOnOrt } from "./ort-direct.ts";

export type Values = Record<string, RuntimeValue>;
export interface Runner {
  /** Outputs by name; the model is compiled once for all the data sets. */
  run(file: string, feeds: readonly Values[]): Promise<Values[]>;
}

function onEngine(engine: Engine): Runner {
  return {
    async run(file, feeds) {
      const graph = readOnnx(readFileSync(file));
      const session = await engine.compile(graph, { engine: engine.name, device: "cpu", threads: 1, optimize: "none" });
      const outputs: Values[] = [];
      for (const values of feeds) outputs.push(await session.run(values));
      session.dispose();
      return outputs;
    },
  };
}

export const runners: Readonly<Record<string, Runner>> = {
  reference: onEngine(reference),
  /** The reference engine, with every inferred type checked against what came out. */
  inference: { run: runAndInfer },
  ort: { run: runOnOrt },
};
