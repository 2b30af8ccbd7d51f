/** What a cell does with models: simplify, edit, diff, inspect, and their displays. */
import { describe, expect, test } from "vitest";
import { Model, rulePass } from "../../src/api/index.ts";
import { displaySymbol } from "../../src/base/display-hook.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";

/** What a cell would show. */
const shownOf = async (value: unknown): Promise<Record<string, string>> =>
  (await (value as { [displaySymbol](): Promise<Record<string, string>> })[displaySymbol]()) as Record<string, string>;

describe("simplify, edit and diff", () => {
  const text = `opset 17
input x: float32[2,4]
w: float32[4,3] = random 1
b: float32[3] = random 2
m = MatMul(x, w)
i = Identity(m)
a = Add(i, b)
y = Relu(a)
output y`;
  const model = () => new Model(parseGraph(text));

  test("a simplified model comes with a report and, where asked, a certificate and times", async () => {
    const { model: small, report, certificate } = await model().simplify({ check: 2, time: { budgetMs: 1 } });
    expect(small.graph.nodes.map((node) => node.op)).toEqual(["Gemm", "Relu"]);
    expect(certificate).toMatchObject({ holds: true, samples: [{}, {}] });
    expect(report.time!.runs).toBeGreaterThanOrEqual(5);
    expect(report.rows.map(([what]) => what.split(" ")[0])).toEqual([
      "nodes",
      "parameters",
      "weights",
      "MACs",
      "activations",
      "time",
    ]);
    const shown = await shownOf(report);
    expect(shown["text/html"]).toContain("4 nodes → 2");
    expect(shown["text/html"]).toContain("same outputs");
    expect((await model().simplify()).certificate).toBeUndefined();
  });

  test("a pass of ten lines in a cell is refused where it is wrong", async () => {
    const good = rulePass({
      name: "twice",
      class: "exact",
      rules: [{ find: "a = Relu(x); y = Relu(a)", replace: "y = Relu(x)" }],
    });
    expect((await model().simplify({ passes: [good] })).model.graph.nodes.length).toBe(2);
    const bad = rulePass({ name: "no-relu", class: "exact", rules: [{ find: "y = Relu(x)", replace: "y = Abs(x)" }] });
    await expect(model().simplify({ passes: [bad] })).rejects.toThrowError(
      /pass no-relu is of class exact, but moves output/,
    );
  });

  test("edit gives a new model, and diff shows what became of it", async () => {
    const before = model();
    const after = before.edit((e) => e.remove("i").replace("y", "Tanh"));
    expect(before.graph.nodes.length).toBe(4);
    const diff = before.diff(after);
    expect([diff.removed, diff.added]).toEqual([['Identity "i"', 'Relu "y"'], ['Tanh "y"']]);
    const shown = await shownOf(diff);
    expect(shown["text/plain"]).toMatch(/2 removed, 1 added/);
    expect(() => before.edit((e) => e.replace("y", "Conv"))).toThrowError(/edit 1, replace "y" by Conv: Conv "y"/);
  });

  test("inspect shows itself", async () => {
    const report = model().inspect();
    expect(report.numNodes).toBe(4);
    const shown = await shownOf(report);
    expect(shown["text/html"]).toContain("MatMul");
    expect(shown["text/plain"]).toContain("4 nodes");
  });
});
