import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { compareValues, randomInputs, referenceRunner } from "../../src/compiler/tools/compare.ts";
import { editGraph, type GraphEditor } from "../../src/compiler/tools/edit-graph.ts";

const net = `opset 17
input x: float32[2,4]
w: float32[4,3] = random 1
b: float32[3] = random 2
m = MatMul(x, w)
d = Dropout(m)
a = Add(d, b)
y = Relu(a)
output y`;

const edited = (change: (e: GraphEditor) => unknown) => editGraph(parseGraph(net), change);
const ops = (change: (e: GraphEditor) => unknown) => edited(change).nodes.map((node) => node.op);

describe("editGraph", () => {
  test("removes, inserts, replaces and renames, and leaves the original as it is", async () => {
    const original = parseGraph(net);
    const before = printGraph(original);
    const graph = editGraph(original, (e) =>
      e.remove("d").insert("Neg", { after: "m" }).replace("y", "Tanh").rename("x", "features").rename("y", "score"),
    );
    expect(printGraph(original)).toBe(before);
    expect(graph.nodes.map((node) => node.op)).toEqual(["MatMul", "Neg", "Add", "Tanh"]);
    expect([graph.inputNames, graph.outputNames]).toEqual([["features"], ["score"]]);
    const { x } = randomInputs(original);
    const same = parseGraph(net.replace("Dropout", "Neg").replace("Relu", "Tanh"));
    const [p, q] = [await referenceRunner(same, { x: x! }), await referenceRunner(graph, { features: x! })];
    expect(compareValues(p.y, q.score).bitEqual).toBe(true);
  });

  test("an output keeps its name when a node is put behind it or taken from before it", () => {
    expect(edited((e) => e.insert("Softmax", { after: "y" })).outputNames).toEqual(["y"]);
    expect(ops((e) => e.insert("Softmax", { after: "y", attributes: { axis: 1 } })).at(-1)).toBe("Softmax");
    const shorter = edited((e) => e.remove("y"));
    expect([shorter.outputNames, shorter.nodes.at(-1)!.op]).toEqual([["y"], "Add"]);
    expect(edited((e) => e.remove("y", { use: "x" })).outputNames).toEqual(["y"]);
  });

  test("takes numbers, tensors and names as inputs, and sets attributes and constants", () => {
    const graph = edited((e) =>
      e
        .insert("Mul", { after: "a", inputs: ["a", 2], name: "twice" })
        .constant("b", new Tensor("float32", [3], Float32Array.of(1, 2, 3)))
        .insert("LeakyRelu", { after: "twice", name: "leaky" })
        .set("leaky", { alpha: 0.3 })
        .add("ReduceMax", { inputs: ["y"], output: "top" })
        .output("top"),
    );
    expect(graph.outputNames).toEqual(["y", "top"]);
    expect(graph.nodes.find((node) => node.name === "leaky")!.attributes.get("alpha")).toBe(0.3);
    expect(editGraph(graph, (e) => e.dropOutput("y")).outputNames).toEqual(["top"]);
  });

  test.each<[string, (e: GraphEditor) => unknown, string, RegExp]>([
    ["a node that is not there", (e) => e.remove("relu"), "ARGUMENT", /edit 1, remove "relu": there is no node "relu"/],
    [
      "an operator that is not there",
      (e) => e.replace("y", "Rellu"),
      "UNKNOWN_OPERATOR",
      /edit 1, replace "y" by Rellu/,
    ],
    [
      "one too young for the opset",
      (e) => e.insert("Gelu", { after: "a" }),
      "UNSUPPORTED",
      /edit 1, insert Gelu after "a": Gelu is not in opset 17/,
    ],
    [
      "types that do not fit",
      (e) => e.rename("x", "z").replace("y", "Not"),
      "DTYPE",
      /edit 2, replace "y" by Not: Not "y": input X is float32, expected bool/,
    ],
    [
      "shapes that do not fit",
      (e) => e.replace("a", "MatMul", { inputs: ["x", "x"] }),
      "SHAPE",
      /edit 1, .*MatMul "a"/,
    ],
    ["a reader whose shapes do not fit", (e) => e.remove("m"), "SHAPE", /edit 1, remove "m": Add "a"/],
    ["a cycle", (e) => e.replace("m", "MatMul", { inputs: ["y", "w"] }), "MODEL_INVALID", /a cycle/],
    ["a name that is taken", (e) => e.rename("x", "y"), "ARGUMENT", /another value is called "y" already/],
    [
      "an attribute that is not there",
      (e) => e.set("y", { alpha: 1 }),
      "ATTRIBUTE",
      /Relu "y" has no attribute "alpha"/,
    ],
    ["the only output", (e) => e.dropOutput("y"), "ARGUMENT", /the only output/],
    [
      "elements for what is computed",
      (e) => e.constant("m", new Tensor("float32", [1], Float32Array.of(1))),
      "ARGUMENT",
      /"m" is computed by MatMul "m"/,
    ],
  ])("refuses %s", (_, change, code, message) => {
    const original = parseGraph(net);
    const before = printGraph(original);
    expect(() => editGraph(original, change)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
    expect(printGraph(original)).toBe(before);
  });

  test("puts a node behind a value that a branch reads", async () => {
    const text = `input c: bool[]
input x: float32[2]
r = Relu(x)
y = If<else_branch={
n = Neg(r)
output n
}, then_branch={
t = Tanh(r)
output t
}>(c)
output y`;
    const graph = editGraph(parseGraph(text), (e) => e.insert("Exp", { after: "r" }));
    const feeds = {
      c: new Tensor("bool", [], Uint8Array.of(0)),
      x: new Tensor("float32", [2], Float32Array.of(1, -1)),
    };
    const { y } = await referenceRunner(graph, feeds as never);
    expect(Array.from((y as Tensor).data as Float32Array).map((v) => v.toFixed(3))).toEqual(["-2.718", "-1.000"]);
  });
});
