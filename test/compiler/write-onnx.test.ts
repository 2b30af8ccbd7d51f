import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { Graph } from "../../src/compiler/ir/graph.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { rawBytes, writeOnnx } from "../../src/compiler/onnx/write.ts";
import { ort } from "../../src/runtime/ort.ts";
import { missing, shared } from "../support/shared.ts";

/** A tensor as its dtype, shape and exact bytes. */
const bytes = (value: unknown): unknown =>
  value instanceof Tensor ? [value.dtype, value.shape, Buffer.from(rawBytes(value)).toString("base64")] : value;

const outline = (graph: Graph): unknown => ({
  inputs: graph.inputs.map(({ name, type }) => [name, type]),
  outputs: graph.outputs.map(({ name, type }) => [name, type]),
  nodes: graph.nodes.map((node) => ({
    op: node.op,
    name: node.name,
    inputs: node.inputs.map((value) => (value?.isConstant ? [value.name, bytes(value.constant)] : value?.name)),
    outputs: node.outputs.map((value) => value?.name),
    attributes: [...node.attributes].filter(([, value]) => !(value instanceof Graph)).map(([k, v]) => [k, bytes(v)]),
    subgraphs: [...node.subgraphs()].map(([name, inner]) => [name, outline(inner)]),
  })),
});

describe("writeOnnx(graph)", () => {
  test.skipIf(missing("models"))("writes what readOnnx reads again, weights and subgraphs included", () => {
    for (const name of ["mnist", "gtcrn_simple", "silero_vad", "yunet_n_dynamic", "squeezenet-fp16"]) {
      const graph = readOnnx(shared("models", `${name}.onnx`)!);
      expect(outline(readOnnx(writeOnnx(graph))), name).toEqual(outline(graph));
    }
  });

  test.skipIf(missing("models") || !ort.available().ok)("writes files that ONNX Runtime accepts", async () => {
    for (const file of readdirSync(shared("models")!).filter((name) => name.endsWith(".onnx"))) {
      if (file === "superres-prepost.onnx") continue; // needs the operators of another library
      const graph = readOnnx(shared("models", file)!);
      const session = await ort.compile(graph, { engine: "ort", device: "cpu", threads: 1, optimize: "none" });
      session.dispose();
    }
  });
});
