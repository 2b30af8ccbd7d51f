/** How a test's model is run on each engine by name. */
import { readFileSync } from "node:fs";
import type { RuntimeValue } from "../../src/base/tensor.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { engines } from "../../src/runtime/engines.ts";
import { reference } from "../../src/runtime/reference.ts";
import { runAndInfer } from "./inference.ts";
import { runOnOrt } from "./ort-direct.ts";

export type Values = Record<string, RuntimeValue>;
export interface Runner {
  /** Outputs by name; the model is compiled once for all the data sets. */
  run(file: string, feeds: readonly Values[]): Promise<Values[]>;
}

/** The reference engine by itself: no checks of feeds, no inference, no pass. */
const bare: Runner = {
  async run(file, feeds) {
    const graph = readOnnx(readFileSync(file));
    const session = await reference.compile(graph, {
      engine: reference.name,
      device: "cpu",
      threads: 1,
      optimize: "none",
    });
    const outputs: Values[] = [];
    for (const values of feeds) outputs.push(await session.run(values));
    session.dispose();
    return outputs;
  },
};

/** An engine as a user has it: checked feeds, inference, all passes. */
const compiled = (engine: string): Runner => ({
  async run(file, feeds) {
    using session = await compileGraph(readOnnx(readFileSync(file)), { engine, threads: 1 });
    const outputs: Values[] = [];
    for (const values of feeds) outputs.push(await session.run(values));
    return outputs;
  },
});

export const runners: Readonly<Record<string, Runner>> = {
  ...Object.fromEntries(engines.map(({ name }) => [name, compiled(name)])),
  reference: bare,
  /** The reference engine on the graph that all passes leave. */
  optimized: compiled(reference.name),
  /** The reference engine, with every inferred type checked against what came out. */
  inference: { run: runAndInfer },
  /** Our ort engine: the graph optimised, written as ONNX and run. */
  "ort-engine": compiled("ort"),
  ort: { run: runOnOrt },
};
