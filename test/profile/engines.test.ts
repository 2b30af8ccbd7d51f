/** Planted faults are found by name: a wrong kernel, a wrong pass, a fault that only fusion shows, a NaN. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { graph, Model, tensor } from "../../src/api/index.ts";
import { displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { fileSource } from "../../src/compiler/files/bytes.ts";
import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import { tensorOf } from "../../src/compiler/onnx/tensors.ts";
import { decodeMessage } from "../../src/compiler/onnx/wire.ts";
import { compareValues } from "../../src/compiler/tools/compare.ts";
import { compareEngines } from "../../src/profile/compare-engines.ts";
import { notFinite, whereIsNaN } from "../../src/profile/find-nan.ts";
import type { Engine, EngineSession } from "../../src/runtime/engine.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { reference } from "../../src/runtime/reference.ts";
import { expectGoodOutput } from "../display/golden.ts";

const noise = (shape: number[], seed = 1) =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(seed + i * 0.7)),
    shape,
  );

/** Ten layers; the sixth has a LeakyRelu of slope 0.1. */
function net() {
  const g = graph("net");
  let x = g.input("x", "float32", ["n", 16]);
  for (let layer = 0; layer < 10; layer++) {
    x = x.matmul(noise([16, 16], layer).mul(0.5)).add(noise([16], layer));
    x = layer === 5 ? x.leakyRelu({ alpha: 0.1 }) : x.tanh();
  }
  g.output("y", x);
  return g.toModel();
}
const feeds = { x: noise([3, 16], 3) };

/** The reference with a kernel of one operator gone wrong. `whileTraced`: also where it is traced. */
function faulty(op: string, whileTraced = true): Engine {
  return {
    name: "faulty",
    passes: undefined,
    available: () => ({ ok: true }),
    async compile(original, options) {
      const wrong = cloneGraph(original);
      for (const node of wrong.nodes) if (node.op === op) node.attributes.set("alpha", 0.13);
      const [bad, good] = [await reference.compile(wrong, options), await reference.compile(original, options)];
      const session: EngineSession = {
        run: (values, run) => bad.run(values, run),
        trace: (values, run) => (whileTraced ? bad : good).trace(values, run),
        explain: () => bad.explain(),
        dispose: () => {
          bad.dispose();
          good.dispose();
        },
      };
      return session;
    },
  };
}

describe("compareEngines", () => {
  test("finds nothing where engines agree", async () => {
    const comparison = await compareEngines(
      net(),
      feeds,
      ["native", "reference"].slice(loadAddon().ok ? 0 : 1).concat("ort"),
    );
    expect(comparison.agree, comparison.toString()).toBe(true);
    expect(comparison.tensors.length).toBeGreaterThan(8);
    expectGoodOutput((await comparison[displaySymbol]()) as MimeBundle);
  });

  test("finds a wrong kernel by name, shrinks it to that node, and saves it as a test", async () => {
    const model = net();
    const comparison = await compareEngines(model, feeds, [faulty("LeakyRelu"), "ort"]);
    const [divergence] = comparison.divergences;
    const culprit = model.graph.nodes.find((node) => node.op === "LeakyRelu")!;
    expect(divergence).toMatchObject({ op: "LeakyRelu", tensor: culprit.outputs[0]!.name, cause: "kernel" });
    const { failing } = divergence!;
    expect(failing!.graph.nodes.map((node) => node.op)).toEqual(["LeakyRelu"]);
    expect(comparison.toString()).toMatch(/faulty first differs at .*LeakyRelu.*alone shows it.*kernel is at fault/);
    expectGoodOutput((await comparison[displaySymbol]()) as MimeBundle);

    const folder = mkdtempSync(join(tmpdir(), "inferlab-failing-"));
    try {
      failing!.save(folder);
      const read = (name: string) =>
        tensorOf(decodeMessage("TensorProto", fileSource(join(folder, "test_data_set_0", name))));
      const saved = await Model.load(join(folder, "model.onnx"));
      const input = { [saved.inputs[0]!.name]: read("input_0.pb") };
      const right = Object.values(await (await saved.compile({ engine: "reference" })).run(input))[0]!;
      expect(compareValues(read("output_0.pb"), right).maxRelative).toBeLessThan(1e-5);
      expect(readFileSync(join(folder, "model.onnx")).length).toBeLessThan(2000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("finds a fault that goes away while tensors are captured", async () => {
    const comparison = await compareEngines(net(), feeds, [faulty("LeakyRelu", false), "reference"]);
    expect(comparison.divergences[0]).toMatchObject({ op: "LeakyRelu", isHiddenByCapture: true });
    expect(comparison.divergences[0]!.failing!.graph.nodes.map((node) => node.op)).toEqual(["LeakyRelu"]);
  });

  test("tells a difference of passes from one of kernels", async () => {
    // In order, adding 1e8 and taking it away again loses x; folded into the convolution, 0 is added.
    const g = graph("order");
    const x = g.input("x", "float32", [1, 1, 2, 2]);
    g.output("y", x.conv(tensor([1], [1, 1, 1, 1]), { B: tensor([1e8]) }).add(tensor([-1e8], [1, 1, 1, 1])));
    const values = { x: tensor([1, 2, 3, 4], [1, 1, 2, 2]) };
    const comparison = await compareEngines(g.toModel(), values, [
      { engine: "reference", optimize: "all" },
      { engine: "reference", optimize: "none" },
    ]);
    expect(comparison.engines).toEqual(["reference, optimize all", "reference, optimize none"]);
    expect(comparison.divergences[0]).toMatchObject({ cause: "pass" });
    expect(comparison.divergences[0]!.rewrite!.pass).toBe("fold-scale-and-bias");
  });

  test("wants two engines", async () => {
    await expect(compareEngines(net(), feeds, ["reference"])).rejects.toThrow(/at least two/);
  });
});

describe("whereIsNaN", () => {
  const engines = loadAddon().ok ? ["native", "reference", "ort"] : ["reference", "ort"];

  test.each(engines)("finds the node that makes a NaN, through fusion, on %s", async (engine) => {
    const g = graph("nan");
    const x = g.input("x", "float32", [2, 16]);
    const inner = x.matmul(noise([16, 16])).add(0.5);
    const log = inner.log().mul(2);
    g.output("y", log.matmul(noise([16, 4])).tanh());
    const model = g.toModel();
    const session = await model.compile({ engine });
    const report = await whereIsNaN(session, { x: noise([2, 16]) });
    const culprit = model.graph.nodes.find((node) => node.op === "Log")!;
    expect(report.nan).toMatchObject({ op: "Log", name: culprit.outputs[0]!.name, source: "node", onReference: true });
    expect(report.nan!.inputs.map(({ name }) => name)).toEqual([culprit.inputs[0]!.name]);
    expect(report.outputs).toEqual(["y"]);
    expect(report.toString()).toContain("it is the model's");
    expectGoodOutput((await report[displaySymbol]()) as MimeBundle);
  });

  test("says where it came in: fed, or a weight", async () => {
    const g = graph("given");
    g.output("y", g.input("x", "float32", [2]).add(tensor([1, Number.NaN])));
    const session = await g.toModel().compile({ engine: "reference" });
    expect((await whereIsNaN(session, { x: tensor([1, 2]) })).nan).toMatchObject({ source: "weight", firstIndex: [1] });
    const fed = await whereIsNaN(session, { x: tensor([Number.NaN, 2]) });
    expect(fed.nan).toMatchObject({ source: "input", name: "x", firstIndex: [0] });
  });

  test("names the infinity that a NaN is made of", async () => {
    const g = graph("overflow");
    const x = g.input("x", "float32", [2]);
    const big = x.exp();
    g.output("y", big.sub(big));
    const report = await whereIsNaN(await g.toModel().compile({ engine: "reference", optimize: "none" }), {
      x: tensor([1, 1000]),
    });
    expect(report.infinity).toMatchObject({ op: "Exp", infinities: 1 });
    expect(report.nan).toMatchObject({ op: "Sub", nans: 1 });
    expect(report.toString()).toMatch(/first infinity.*\n.*first NaN/);
  });

  test("blames the engine where the reference does not agree", async () => {
    const wrong: Engine = {
      ...faulty("LeakyRelu"),
      async compile(original, options) {
        const copy = cloneGraph(original);
        for (const node of copy.nodes) if (node.op === "LeakyRelu") node.attributes.set("alpha", Number.NaN);
        return reference.compile(copy, options);
      },
    };
    const { compileGraph } = await import("../../src/runtime/compile.ts");
    const report = await whereIsNaN(await compileGraph(net().graph, { engine: wrong }), feeds);
    expect(report.nan).toMatchObject({ op: "LeakyRelu", onReference: false });
    expect(report.toString()).toContain("it is the engine's");
  });

  test("finds nothing where all is finite", async () => {
    const report = await whereIsNaN(await net().compile({ engine: "reference" }), feeds);
    expect(report.nan ?? report.infinity).toBeUndefined();
    expect(report.toString()).toMatch(/every number of \d+ tensors is finite/);
    expect(notFinite(new Tensor("int32", [1], new Int32Array(1)))).toBeUndefined();
    expectGoodOutput((await report[displaySymbol]()) as MimeBundle);
  });
});
