import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import type { Graph } from "../../src/compiler/ir/graph.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { readTensorProto } from "../../src/compiler/onnx/values.ts";
import { missing, shared } from "../support/shared.ts";

function countNodes(graph: Graph): number {
  let count = graph.nodes.length;
  for (const inner of graph.nested()) count += inner.nodes.length;
  return count;
}

describe.skipIf(missing("models"))("real nets", () => {
  // Nodes other than Constant, subgraphs counted: the table of shared/PASSES.md.
  test.each([
    ["ultraface-rfb-320", 211],
    ["deeplab_dm05_513", 161],
    ["gtcrn", 1248],
    ["silero_vad", 348],
    ["silero_vad_16k_op15", 190],
    ["superres-prepost", 77],
  ])("%s has %i nodes", (name, expected) => {
    expect(countNodes(readOnnx(shared("models", `${name}.onnx`)!))).toBe(expected);
  });

  test("initialisers listed among the inputs are constants", () => {
    const graph = readOnnx(shared("models", "mnist.onnx")!);
    expect(graph.inputNames).toEqual(["Input3"]);
  });

  test("every net's weights can be read", () => {
    for (const file of readdirSync(shared("models")!).filter((name) => name.endsWith(".onnx"))) {
      const graph = readOnnx(join(shared("models")!, file));
      for (const g of [graph, ...graph.nested()])
        for (const node of g.nodes) for (const v of node.inputs) if (v?.isConstant) expect(v.constant).toBeDefined();
    }
  });
});

describe.skipIf(missing("models", "mnist.onnx"))("damaged files", () => {
  test.each([10, 100, 5000, 20_000])("a file cut off at byte %i is refused", (length) => {
    const bytes = readFileSync(shared("models", "mnist.onnx")!).subarray(0, length);
    expect(() => readOnnx(bytes)).toThrowError(InferlabError);
  });
});

test.each([
  ["nothing", ""],
  ["text", "hello, this is not a model"],
  ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00"],
])("%s is not an ONNX file", (_, text) => {
  expect(() => readOnnx(Buffer.from(text))).toThrowError(expect.objectContaining({ code: "MODEL_FORMAT" }));
});

test("a missing file is named", () => {
  expect(() => readOnnx("no/such/model.onnx")).toThrowError(/no\/such\/model\.onnx/);
});

test("readTensorProto unpacks int4 lowest bits first", () => {
  // dims [3], data_type INT4, raw_data 0x8F 0x02
  const bytes = Uint8Array.of(0x08, 0x03, 0x10, 22, 0x4a, 0x02, 0x8f, 0x02);
  expect(readTensorProto(bytes)).toMatchObject({ dtype: "int4", shape: [3], data: Int8Array.of(-1, -8, 2) });
});

test("a tensor with fewer bytes than its shape needs is refused before anything is allocated", () => {
  // dims [2^40], float32, raw_data of one byte
  const bytes = Uint8Array.of(0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x10, 1, 0x4a, 1, 0);
  expect(() => readTensorProto(bytes)).toThrowError(expect.objectContaining({ code: "MODEL_INVALID" }));
});
