import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";

const sample = `opset 17
input x: float32[n,3,(h + 1)//2]
y: float32[n,3,(h + 1)//2] = Relu(x)
w: float32[2] = [0.5, -0]
"odd name", _ = custom.Thing<mode="a", k=[1, 2], body={
  z = Relu(y)
  output z
}>(y, _, w)
output "odd name"
`;

describe("text form", () => {
  test("parseGraph reads what printGraph writes", () => {
    const graph = parseGraph(sample);
    verifyGraph(graph);
    expect(printGraph(graph)).toBe(sample);
    expect(printGraph(cloneGraph(graph))).toBe(sample);
  });

  test.each([
    ["opset 17\ny = Relu(x)", "line 2"],
    ["w: float32[2] = [1]", "2 elements"],
    ["x = = y", "expected an operator"],
    ["input x: float33[1]", "float33"],
  ])("%j is refused", (text, message) => {
    expect(() => parseGraph(text)).toThrowError(new RegExp(message));
  });
});

const shapeOf = (text: string, options = {}): unknown => {
  const graph = parseGraph(text);
  inferShapes(graph, options);
  verifyGraph(graph);
  const type = graph.outputs[0]!.type;
  return type?.kind === "tensor" ? type.shape : type;
};

describe("inferShapes", () => {
  const flatten = `opset 17
input x: float32[n,3,h,w]
zero: int64[] = 0
rest: int64[1] = [-1]
axes: int64[1] = [0]
s = Shape(x)
n0 = Gather<axis=0>(s, zero)
n1 = Unsqueeze(n0, axes)
t = Concat<axis=0>(n1, rest)
y = Reshape(x, t)
output y`;

  test("carries symbols through shape arithmetic", () => {
    expect(shapeOf(flatten)).toEqual(["n", "3*h*w"]);
  });

  test("takes input shapes", () => {
    expect(shapeOf(flatten, { inputShapes: { x: [2, 3, 4, 5] } })).toEqual([2, 60]);
  });

  test("names inputs that do not exist", () => {
    expect(() => shapeOf(flatten, { inputShapes: { z: [1] } })).toThrowError(/no input "z"/);
    expect(() => shapeOf(flatten, { inputShapes: { x: [1] } })).toThrowError(/expected rank 4/);
  });

  test("keeps declared types of operators nobody knows", () => {
    expect(shapeOf("input x: float32[n]\ny: float32[n,2] = my.Op(x)\nz = Relu(y)\noutput z")).toEqual(["n", 2]);
    const graph = parseGraph("input x: float32[n]\ny = my.Op(x)\noutput y");
    expect(() => inferShapes(graph, { strict: true })).toThrowError(
      expect.objectContaining({ code: "UNKNOWN_OPERATOR" }),
    );
  });

  test("inferred sizes win over declared ones, with a warning", () => {
    const graph = parseGraph("input x: float32[4]\ny: float32[5] = Relu(x)\noutput y");
    expect(inferShapes(graph).warnings).toEqual(['"y" is declared as float32[5] but computes float32[4]']);
    expect(graph.outputs[0]!.type).toMatchObject({ shape: [4] });
  });
});

describe("an If whose condition is not known", () => {
  const chooses = (other: string): string => `opset 21
input x: float32[n,4]
input choice: bool[]
w: float32[2,2] = [1, 2, 3, 4]
y = If<then_branch={
  t = Relu(x)
  output t
}, else_branch={
  ${other}
  output e
}>(choice)
output y
`;

  test("may have a branch that does not fit the shapes: it cannot be the one taken", () => {
    const graph = parseGraph(chooses("e = Add(x, w)"));
    inferShapes(graph, { inputShapes: { x: [3, 4] } });
    expect(graph.outputs[0]!.type).toEqual({ kind: "tensor", dtype: "float32", shape: [3, 4] });
  });

  test("names the node where neither branch fits", () => {
    const graph = parseGraph(chooses("e = Add(x, w)").replace("t = Relu(x)", "t = MatMul(x, w)"));
    expect(() => inferShapes(graph, { inputShapes: { x: [3, 4] } })).toThrow(/^MatMul .*"t"/);
  });

  test("has no branch with other faults than shapes", () => {
    const graph = parseGraph(chooses("e = Add(x, choice)"));
    expect(() => inferShapes(graph)).toThrow(/^Add .*"e"/);
  });
});

describe("verifyGraph", () => {
  test("finds a value used before it is computed", () => {
    const graph = parseGraph("input x: float32[1]\na = Relu(x)\nb = Relu(a)\noutput b");
    graph.nodes.reverse();
    expect(() => verifyGraph(graph)).toThrowError(/reads "a" before it is computed/);
  });

  test("finds a duplicate name and a broken link", () => {
    const graph = parseGraph("input x: float32[1]\na = Relu(x)\nb = Relu(a)\noutput b");
    graph.nodes[0]!.outputs[0]!.name = "x";
    expect(() => verifyGraph(graph)).toThrowError(/two values are called "x"/);
    graph.nodes[0]!.outputs[0]!.name = "a";
    graph.nodes[0]!.outputs[0]!.users.clear();
    expect(() => verifyGraph(graph)).toThrowError(/does not know its user/);
  });
});

describe("inferring again", () => {
  const text = `opset 17
input x: float32[2,6]
one: int64[1] = [1]
two: int64[1] = [2]
s = Shape(x)
n = Slice(s, one, two)
rest: int64[1] = [-1]
t = Concat<axis=0>(n, rest)
flat = Flatten<axis=1>(x)
y = Reshape(flat, t)
z = Transpose<perm=[1, 0]>(y)
output z
`;
  const typesOf = (graph: ReturnType<typeof parseGraph>) =>
    graph.nodes.flatMap((node) => node.outputs.map((value) => [value?.name, value?.type, value?.dims]));
  /** The types that inference finds in a graph that nobody has inferred before. */
  const fresh = (graph: ReturnType<typeof parseGraph>) => {
    const copy = parseGraph(printGraph(graph).replace(/^(\w+): [^=]*(= [A-Z])/gm, "$1 $2"));
    inferShapes(copy);
    return typesOf(copy);
  };

  test("says that nothing is another, also of a copy, and keeps what it found", () => {
    const graph = parseGraph(text);
    expect(inferShapes(graph).changed).toBe(true);
    const types = graph.nodes.map((node) => node.outputs[0]!.type);
    const { changed, known } = inferShapes(graph);
    expect(changed).toBe(false);
    graph.nodes.forEach((node, i) => {
      expect(node.outputs[0]!.type).toBe(types[i]);
    });
    expect(known.get(graph.nodes.find(({ op }) => op === "Concat")!.outputs[0]!)!.data).toEqual(
      BigInt64Array.of(6n, -1n),
    );
    expect(inferShapes(cloneGraph(graph)).changed).toBe(false);
  });

  test.each<[string, (graph: ReturnType<typeof parseGraph>) => void]>([
    ["an attribute", (graph) => graph.nodes.find(({ op }) => op === "Flatten")!.attributes.set("axis", 0)],
    ["an input", (graph) => graph.setInput(graph.nodes.find(({ op }) => op === "Transpose")!, 0, graph.inputs[0]!)],
    [
      "the graph's input",
      (graph) => {
        graph.inputs[0]!.type = { kind: "tensor", dtype: "float32", shape: [3, 4] };
      },
    ],
    [
      "a constant",
      (graph) => {
        const value = graph.nodes.find(({ op }) => op === "Concat")!.inputs[1]!;
        value.setConstant(new Tensor("int64", [1], BigInt64Array.of(2n)));
      },
    ],
  ])("follows a change of %s", (_what, change) => {
    const graph = parseGraph(text);
    inferShapes(graph);
    change(graph);
    expect(inferShapes(graph).changed).toBe(true);
    verifyGraph(graph);
    expect(typesOf(graph)).toEqual(fresh(graph));
  });
});
