/** Shapes with symbols: exact where the rule allows it, and carried through shape arithmetic. */
import { describe, expect, test } from "vitest";
import type { Shape } from "../../src/base/shapes.ts";
import { formatValueType, tensorType, type ValueType } from "../../src/base/value-type.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { requireOperator } from "../../src/ops/lookup.ts";
import { i64, infer, type OneNode, random } from "./one-node.ts";

const t = (...shape: Shape): ValueType => tensorType("float32", shape);
const w = (...shape: number[]): ValueType => t(...shape);

const cases: [OneNode, ...string[]][] = [
  [
    { op: "Conv", inputs: [t("n", 3, "h", "w"), w(8, 3, 3, 3)], attributes: { pads: [1, 1, 1, 1], strides: [2, 2] } },
    "float32[n,8,(h + 1)//2,(w + 1)//2]",
  ],
  [
    {
      op: "Conv",
      inputs: [t("n", 3, "h", "w"), w(8, 3, 3, 3)],
      attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
    },
    "float32[n,8,(h + 1)//2,(w + 1)//2]",
  ],
  [{ op: "Conv", inputs: [t("n", 3, "h", "w"), w(8, 3, 1, 1)] }, "float32[n,8,h,w]"],
  [
    { op: "ConvTranspose", inputs: [t("n", 4, "h", "w"), w(4, 2, 2, 2)], attributes: { strides: [2, 2] } },
    "float32[n,2,2*h,2*w]",
  ],
  [
    { op: "MaxPool", inputs: [t("n", 4, "h", 9)], outputs: 2, attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    "float32[n,4,h//2,4]",
    "int64[n,4,h//2,4]",
  ],
  [{ op: "GlobalAveragePool", inputs: [t("n", 4, "h", "w")] }, "float32[n,4,1,1]"],
  [{ op: "MatMul", inputs: [t("n", "l", 16), t(16, 32)] }, "float32[n,l,32]"],
  [{ op: "MatMul", inputs: [t("n", 1, "l", "d"), t(4, "d", "l")] }, "float32[n,4,l,l]"],
  [{ op: "Gemm", inputs: [t("n", 8), t(5, 8), t(5)], attributes: { transB: 1 } }, "float32[n,5]"],
  [{ op: "Add", inputs: [t("n", 1, 4), t(3, 1)] }, "float32[n,3,4]"],
  [{ op: "Add", inputs: [t("n", 4), t("n", 1)] }, "float32[n,4]"],
  [{ op: "Where", inputs: [tensorType("bool", ["n", 1]), t(1, 4), t("n", 4)] }, "float32[n,4]"],
  [
    { op: "ReduceMean", opset: 13, inputs: [t("n", "c", "h")], attributes: { axes: [-1], keepdims: 0 } },
    "float32[n,c]",
  ],
  [{ op: "ReduceMean", inputs: [t("n", "c", "h")] }, "float32[1,1,1]"],
  [{ op: "ArgMax", inputs: [t("n", "c")], attributes: { axis: 1, keepdims: 0 } }, "int64[n]"],
  [
    { op: "Einsum", inputs: [t("b", "i", "j"), t("b", "j", "k")], attributes: { equation: "bij,bjk->bik" } },
    "float32[b,i,k]",
  ],
  [
    {
      op: "LSTM",
      inputs: [t("t", "b", 4), w(2, 12, 4), w(2, 12, 3)],
      outputs: 3,
      attributes: { hidden_size: 3, direction: "bidirectional" },
    },
    "float32[t,2,b,3]",
    "float32[2,b,3]",
    "float32[2,b,3]",
  ],
  [
    {
      op: "Attention",
      opset: 23,
      inputs: [
        t("b", 8, "l", 64),
        t("b", 2, "s", 64),
        t("b", 2, "s", 32),
        undefined,
        t("b", 2, "p", 64),
        t("b", 2, "p", 32),
      ],
      outputs: 3,
    },
    "float32[b,8,l,32]",
    "float32[b,2,p + s,64]",
    "float32[b,2,p + s,32]",
  ],
  [{ op: "Cast", inputs: [t("n", 2)], attributes: { to: 10 } }, "float16[n,2]"],
  [{ op: "QuantizeLinear", inputs: [t("n", 2), t(), undefined], attributes: { output_dtype: 22 } }, "int4[n,2]"],
  [
    {
      op: "TreeEnsemble",
      domain: "ai.onnx.ml",
      opset: 5,
      inputs: [t("n", 4)],
      attributes: {
        n_targets: 3,
        leaf_targetids: [],
        leaf_weights: random("float32", [0], 1),
        nodes_falseleafs: [],
        nodes_falsenodeids: [],
        nodes_featureids: [],
        nodes_modes: random("uint8", [0], 1),
        nodes_splits: random("float32", [0], 1),
        nodes_trueleafs: [],
        nodes_truenodeids: [],
        tree_roots: [],
      },
    },
    "float32[n,3]",
  ],
  [
    {
      op: "FusedConv",
      domain: "inferlab",
      inputs: [t("n", 3, "h", "w"), w(8, 3, 3, 3)],
      attributes: { pads: [1, 1, 1, 1] },
    },
    "float32[n,8,h,w]",
  ],
  [
    { op: "LayerNormalization", inputs: [t("n", "l", 8), t(8)], outputs: 3 },
    "float32[n,l,8]",
    "float32[n,l,1]",
    "float32[n,l,1]",
  ],
];

test.each(cases.map(([node, ...types]) => [`${node.op} ${types[0]}`, node, types] as const))("%s", (_, node, types) => {
  expect(infer(node).map((type) => type && formatValueType(type))).toEqual(types);
});

describe("shape arithmetic", () => {
  /** The shape of x reshaped to what `op` makes of its height and a constant. */
  const reshaped = (op: string, constant: number): string => {
    const graph = new Graph("shapes");
    graph.opsets.set("", 21);
    const x = new Value("x", t("h", 8));
    graph.inputs.push(x);
    const add = (
      name: string,
      inputs: Value[],
      attributes: Record<string, never> | Record<string, number> = {},
    ): Value => {
      const out = new Value(`v${graph.nodes.length}`);
      graph.insert(new Node("", requireOperator("", name), 21, Object.entries(attributes)), inputs, [out]);
      return out;
    };
    const constantOf = (name: string, values: number[]): Value => {
      const value = new Value(name);
      value.setConstant(i64([values.length], values));
      return value;
    };
    const shape = add("Shape", [x]);
    const height = add("Gather", [shape, constantOf("zero", [0])]);
    const made = add("Cast", [add(op, [height, constantOf("c", [constant])])], { to: 7 });
    const target = add("Concat", [made, constantOf("rest", [-1])], { axis: 0 });
    graph.outputs.push(add("Reshape", [x, target]));
    inferShapes(graph);
    const type = graph.outputs[0]!.type!;
    return formatValueType(type);
  };

  test("Mul, Div, Add and Max reach a Reshape as symbols", () => {
    expect(reshaped("Mul", 2)).toBe("float32[2*h,4]");
    expect(reshaped("Div", 2)).toMatch(/^float32\[h\/\/2,/);
    expect(reshaped("Add", 0)).toBe("float32[h,8]");
    expect(reshaped("Max", 0)).toBe("float32[h,8]");
  });
});
