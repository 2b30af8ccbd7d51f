/** Nothing is silently slow: what the native engine leaves to the reference is marked by explain() and by the trace. */
import { describe, expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { tensor } from "../../src/api/tensor.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { ValueType } from "../../src/base/value-type.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { findEngine } from "../../src/runtime/engines.ts";
import { f32, i64, type OneNode, oneNode, random } from "../ops/one-node.ts";

const hasNative = findEngine("native").available().ok;

/** Nodes that the native engine cannot run by a kernel, and the reason that explain() must give. */
const left: Readonly<Record<string, { readonly node: OneNode; readonly reason: string | RegExp }>> = {
  "an operator without a kernel": {
    node: { op: "Det", inputs: [random("float32", [3, 3], 1)] },
    reason: "no native kernel",
  },
  "an operator whose kernels know other types": {
    node: { op: "Conv", inputs: [random("float64", [1, 2, 5, 5], 2), random("float64", [3, 2, 3, 3], 3)] },
    reason: /float64/,
  },
  strings: {
    node: { op: "Identity", inputs: [new Tensor("string", [2], ["a", "b"])] },
    reason: "strings",
  },
  "an operator of another domain": {
    node: {
      op: "Imputer",
      domain: "ai.onnx.ml",
      inputs: [f32([2], [1, 0])],
      attributes: { imputed_value_floats: [7] },
    },
    reason: "no native kernel",
  },
  "an output whose shape depends on values": {
    node: { op: "NonZero", inputs: [i64([4], [1, 0, 2, 0])] },
    reason: /shape depends on values/,
  },
};

describe.skipIf(!hasNative)("explain() of a native session", () => {
  test.each(Object.entries(left))("marks %s", async (_, { node, reason }) => {
    // optimize "none": else what is known before the run would be folded.
    using session = await compileGraph(oneNode(node), { engine: "native", optimize: "none" });
    const feeds = Object.fromEntries(node.inputs.map((value, i) => [`in${i}`, value as Tensor]));
    const { outputs, trace } = await session.trace(feeds);
    const lines = session.explain().filter((line) => line.op === node.op);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ node: "it", kernel: "reference" });
    expect(lines[0]!.reason).toMatch(reason);
    expect(trace.events.filter((event) => event.op === node.op)).toMatchObject([{ node: "it", kernel: "reference" }]);
    using truth = await compileGraph(oneNode(node), { engine: "reference", optimize: "none" });
    expect(outputs).toEqual(await truth.run(feeds));
  });

  test("marks a sequence", async () => {
    const sequence: ValueType = { kind: "sequence", element: { kind: "tensor", dtype: "float32" } };
    const node: OneNode = { op: "SequenceLength", inputs: [sequence] };
    using session = await compileGraph(oneNode(node), { engine: "native", optimize: "none" });
    const { out0 } = await session.run({ in0: { kind: "sequence", items: [f32([1], [1]), f32([2], [1, 2])] } });
    expect(Number(out0!.data[0])).toBe(2);
    expect(session.explain()).toMatchObject([{ op: "SequenceLength", kernel: "reference", reason: "a sequence" }]);
  });

  test("marks the one node in the middle and runs its neighbours by kernels", async () => {
    const g = graph("middle");
    const x = g.input("x", "float32", [2, 4]);
    g.output("y", x.relu().cumSum(tensor(1n)).neg());
    using session = await g.toModel().compile({ engine: "native" });
    const { y } = await session.run({ x: f32([2, 4], [1, -2, 3, 4, 5, 1, 1, 1]) });
    expect([...y!.data]).toEqual([-1, -1, -4, -8, -5, -6, -7, -8]);
    const lines = session.explain();
    expect(lines.map(({ op, kernel }) => [op, kernel === "reference"])).toEqual([
      ["Relu", false],
      ["CumSum", true],
      ["Neg", false],
    ]);
    expect(lines[1]!.reason).toBe("no native kernel");
  });
});
