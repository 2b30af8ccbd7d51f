/** Passes written as rules: how patterns match, and what is said of rules that cannot be. */
import { describe, expect, test } from "vitest";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { runPasses } from "../../src/compiler/passes/pipeline.ts";
import { rewriteEinsum } from "../../src/compiler/passes/rewrite-einsum.ts";
import { type Rule, rulePass } from "../../src/compiler/passes/rule.ts";
import { difference, randomInputs, runGraph } from "./run-graph.ts";

const pass = (rule: Rule, name = "mine") => rulePass({ name, class: "exact", rules: [rule] });

function operatorsAfter(text: string, rule: Rule): string[] {
  const graph = parseGraph(text);
  runPasses(graph, { passes: [pass(rule)], verify: true });
  return graph.nodes.map((node) => node.op);
}

describe("patterns", () => {
  const double: Rule = { find: "a = Relu(x); y = Relu(a)", replace: "y = Relu(x)" };

  test("match where only the pattern reads its inner values", () => {
    const chain = "input x: float32[2]\na = Relu(x)\ny = Relu(a)\noutput y";
    expect(operatorsAfter(chain, double)).toEqual(["Relu"]);
    expect(operatorsAfter(`${chain}\noutput a`, double)).toEqual(["Relu", "Relu"]);
    expect(operatorsAfter(chain.replace("output", "z = Neg(a)\noutput z\noutput"), double)).toEqual([
      "Relu",
      "Relu",
      "Neg",
    ]);
  });

  test("take operands of commutative operators either way, and go back where one way fails", () => {
    const rule: Rule = { find: "s = Sigmoid(x); y = Mul(x, s)", replace: "y = Mish(x)" };
    for (const product of ["Mul(x, s)", "Mul(s, x)"])
      expect(operatorsAfter(`input x: float32[2]\ns = Sigmoid(x)\ny = ${product}\noutput y`, rule)).toEqual(["Mish"]);
    expect(
      operatorsAfter("input x: float32[2]\ninput z: float32[2]\ns = Sigmoid(x)\ny = Mul(z, s)\noutput y", rule),
    ).toEqual(["Sigmoid", "Mul"]);
  });

  test("numbers match constants of one element, unless these add axes", () => {
    const rule: Rule = { find: "y = Mul(x, 2)", replace: "y = Add(x, x)" };
    const graph = (constant: string) => `input x: float32[3]\nc: ${constant}\ny = Mul(x, c)\noutput y`;
    expect(operatorsAfter(graph("float32[] = 2"), rule)).toEqual(["Add"]);
    expect(operatorsAfter(graph("float32[1] = [2]"), rule)).toEqual(["Add"]);
    expect(operatorsAfter(graph("float32[1,1] = [2]"), rule)).toEqual(["Mul"]);
    expect(operatorsAfter(graph("float32[] = 3"), rule)).toEqual(["Mul"]);
    expect(operatorsAfter(graph("float32[3] = [2, 2, 2]"), rule)).toEqual(["Mul"]);
  });

  test("attributes are demanded, defaults count, and captured ones go on", () => {
    const text = "input x: float32[2,3]\ns = Softmax<axis=0>(x)\ny = Log(s)\noutput y";
    const rule = (axis: string): Rule => ({
      find: `s = Softmax<axis=${axis}>(x); y = Log(s)`,
      replace: `y = LogSoftmax<axis=${axis}>(x)`,
    });
    expect(operatorsAfter(text, rule("1"))).toEqual(["Softmax", "Log"]);
    const graph = parseGraph(text);
    runPasses(graph, { passes: [pass(rule("$axis"))] });
    expect(graph.nodes[0]!.attributes.get("axis")).toBe(0);
  });

  test("a replacement too young for the file's opset is left out", () => {
    const rule: Rule = { find: "s = Sigmoid(x); y = Mul(x, s)", replace: "y = Swish(x)" };
    const text = (opset: number) => `opset ${opset}\ninput x: float32[2]\ns = Sigmoid(x)\ny = Mul(x, s)\noutput y`;
    expect(operatorsAfter(text(21), rule)).toEqual(["Sigmoid", "Mul"]);
    expect(operatorsAfter(text(24), rule)).toEqual(["Swish"]);
  });
});

describe("rules that cannot be", () => {
  test.each([
    [{ find: "y = Rleu(x)", replace: "y = x" }, /no operator "Rleu"/],
    [{ find: "y = Relu(x", replace: "y = x" }, /line "y = Relu\(x": cannot be read/],
    [{ find: "y = Relu(x-1)", replace: "y = x" }, /"x-1" is neither a name nor a number/],
    [{ find: "y = Softmax<axis=first>(x)", replace: "y = x" }, /attribute axis is first/],
    [{ find: "y = Relu(x)", replace: "z = Abs(x)" }, /must make "y"/],
    [{ find: "y = x", replace: "y = x" }, /needs a node/],
  ])("%j is refused with its line", (rule, message) => {
    expect(() => pass(rule)).toThrowError(
      expect.objectContaining({ code: "PASS", message: expect.stringMatching(message) }),
    );
  });

  test("one that changes a type is refused with the pass and the node", () => {
    const graph = parseGraph("input x: float32[2,3]\na = Relu(x)\ny = Neg(a)\noutput y");
    const wrong = pass({ find: "y = Relu(x)", replace: "y = Shape(x)" }, "shapes");
    expect(() => runPasses(graph, { passes: [wrong] })).toThrowError(
      /pass shapes: Shape "a" makes int64\[2\], expected float32\[2,3\]/,
    );
    const narrow = pass({ find: "y = Relu(x)", replace: "y = ReduceMax(x)" }, "narrows");
    const again = parseGraph("input x: float32[2,3]\na = Relu(x)\ny = Neg(a)\noutput y");
    expect(() => runPasses(again, { passes: [narrow] })).toThrowError(/pass narrows: ReduceMax "a"/);
  });

  test("one whose replacement cannot run is refused with the pass and the node", () => {
    const graph = parseGraph("input x: float32[2,3]\ny = Relu(x)\noutput y");
    const wrong = pass({ find: "y = Relu(x)", replace: "y = MatMul(x, x)" }, "squares");
    expect(() => runPasses(graph, { passes: [wrong] })).toThrowError(/pass squares failed: MatMul "y"/);
  });
});

describe("einsum for an engine", () => {
  test.each([
    ["bhid,bhjd->bhij", "2,2,3,4", "2,2,5,4"],
    ["bihd,bjhd->bhij", "2,3,2,4", "2,5,2,4"],
    ["ij,kj->ki", "2,3", "4,3"],
    ["abc,cd->abd", "2,3,4", "4,5"],
    ["abc,bcd->ad", "2,3,4", "3,4,5"],
    ["nchw,nc->nhw", "2,3,4,5", "2,3"],
    ["i,i->", "4", "4"],
    ["ab,ba->ab", "2,3", "3,2"],
  ])("%s is a product", (equation, a, b) => {
    const original = parseGraph(
      `input a: float32[${a}]\ninput b: float32[${b}]\ny = Einsum<equation="${equation}">(a, b)\noutput y`,
    );
    inferShapes(original);
    const graph = cloneGraph(original);
    // An engine of ours is told by a pass that uses its operators.
    const engine = { ...rewriteEinsum, fused: true } as const;
    runPasses(graph, { passes: [engine], verify: true });
    expect(graph.nodes.map((node) => node.op)).not.toContain("Einsum");
    const inputs = randomInputs(original, 3);
    expect(difference(runGraph(original, inputs)[0]!, runGraph(graph, inputs)[0]!)).toBeLessThanOrEqual(1e-6);
  });
});
