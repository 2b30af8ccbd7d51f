import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSafetensors } from "../../src/base/safetensors.ts";
import type { Graph } from "../../src/compiler/ir/graph.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { printGraph } from "../../src/compiler/ir/print.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { saveOnnx, writeOnnx } from "../../src/compiler/onnx/write.ts";
import { nodePass } from "../../src/compiler/passes/pass.ts";
import { rulePass } from "../../src/compiler/passes/rule.ts";
import { recheck } from "../../src/compiler/tools/certificate.ts";
import { checkPass } from "../../src/compiler/tools/check-pass.ts";
import { compareValues, randomInputs, referenceRunner } from "../../src/compiler/tools/compare.ts";
import { cutGraph, mergeGraphs, renameValues, setShapes } from "../../src/compiler/tools/cut.ts";
import { diffGraphs, formatDiff } from "../../src/compiler/tools/diff.ts";
import { toFloat16 } from "../../src/compiler/tools/float16.ts";
import { formatReport, inspectGraph } from "../../src/compiler/tools/inspect.ts";
import { convertOpset } from "../../src/compiler/tools/opset.ts";
import { simplifyGraph } from "../../src/compiler/tools/simplify.ts";
import { extractWeights } from "../../src/compiler/tools/weights.ts";

const net = `opset 17
input x: float32[n,2,5,5]
w: float32[4,2,3,3] = random 1
gamma: float32[4] = random 3
beta: float32[4] = random 4
mean: float32[4] = random 5
variance: float32[4] = [0.5, 1, 2, 0.1]
flat: int64[2] = [0, -1]
v: float32[36,3] = random 6
b: float32[3] = random 7
c = Conv(x, w)
n = BatchNormalization(c, gamma, beta, mean, variance)
r = Relu(n)
i = Identity(r)
f = Reshape(i, flat)
m = MatMul(f, v)
y = Add(m, b)
z = Softmax(y)
output y
output z
`;

const sample = (): Graph => parseGraph(net);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "inferlab-tools-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("simplifyGraph", () => {
  test("leaves the original as it is and reports what it did", () => {
    const original = sample();
    const { graph, report } = simplifyGraph(original);
    expect(printGraph(original)).toBe(printGraph(sample()));
    expect(graph.nodes.map((node) => node.op)).toEqual(["Conv", "Relu", "Reshape", "Gemm", "Softmax"]);
    expect(report.before.numNodes).toBe(8);
    expect(report.after.numNodes).toBe(5);
    expect(report.byPass.map((row) => row.pass).sort()).toEqual(["fold-batch-norm", "matmul-to-gemm", "remove-no-ops"]);
    expect(report.toString()).toMatch(/BatchNormalization +1 +0/);
  });

  test("undo runs again without a pass", () => {
    const { graph } = simplifyGraph(sample()).report.undo("fold-batch-norm");
    expect(graph.nodes.map((node) => node.op)).toContain("BatchNormalization");
  });

  test("level exact keeps bits, and the certificate says so", async () => {
    const { graph, report } = simplifyGraph(sample(), { level: "exact" });
    expect(graph.nodes.map((node) => node.op)).not.toContain("Identity");
    expect(await report.certify()).toMatchObject({ exact: true, holds: true, worst: { bitEqual: true } });
  });

  test("a certificate can be saved and checked again", async () => {
    const { graph, report } = simplifyGraph(sample());
    const certificate = JSON.parse(JSON.stringify(await report.certify()));
    expect(certificate).toMatchObject({ exact: false, holds: true });
    expect(await recheck(certificate, sample(), graph)).toMatchObject({ holds: true });
    const other = parseGraph(net.replace("random 7", "random 8"));
    expect(await recheck(certificate, sample(), other)).toMatchObject({ holds: false, sameGraphs: false });
    // The file that was saved is the graph that was certified.
    const bytes = writeOnnx(graph);
    expect(await recheck(certificate, readOnnx(writeOnnx(sample())), readOnnx(bytes))).toMatchObject({
      holds: true,
      sameGraphs: true,
    });
    await expect(recheck({ format: "x" } as never, sample(), graph)).rejects.toThrowError(/no certificate/);
    await expect(recheck({ ...certificate, samples: [] }, sample(), graph)).rejects.toThrowError(/no samples/);
  });

  test("a certificate measures errors against float64, also of each pass that rounds", async () => {
    const { report } = simplifyGraph(sample());
    expect(report.toString()).not.toContain("float64");
    const { float64, passes, samples } = await report.certify({ samples: 2 });
    expect(passes.map((pass) => pass.pass).sort()).toEqual(["fold-batch-norm", "matmul-to-gemm"]);
    for (const error of [float64!, ...passes.map((pass) => pass.float64!), ...Object.values(samples[1]!.float64!)])
      for (const value of [error.before, error.after]) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1e-6);
      }
    expect(report.toString()).toContain("error to float64");
    expect((await report.certify({ float64: false })).float64).toBeUndefined();
    expect((await simplifyGraph(sample(), { level: "exact" }).report.certify()).float64).toBeUndefined();
  });

  test("raises the opset first where asked, and leaves subgraphs alone where asked", () => {
    const text = `opset 17
input x: float32[2,3]
input c: bool[]
s = Sigmoid(x)
m = Mul(x, s)
y = If<else_branch={
i = Identity(m)
e = Relu(i)
output e
}, then_branch={
j = Identity(m)
t = Tanh(j)
output t
}>(c)
output y`;
    expect(simplifyGraph(parseGraph(text), { opset: 24 }).graph.nodes.map((node) => node.op)).toEqual(["Swish", "If"]);
    const count = (graph: Graph) => [...graph.nested()].flatMap((g) => g.nodes.map((node) => node.op)).join();
    expect(count(simplifyGraph(parseGraph(text)).graph)).toBe("Relu,Tanh");
    expect(count(simplifyGraph(parseGraph(text), { subgraphs: false }).graph)).toBe("Identity,Relu,Identity,Tanh");
  });

  test("only the level approximate lets results change by more than rounding", () => {
    const text = "input x: float32[2,3]\ns = Sigmoid(x)\ny = ArgMax<axis=1>(s)\noutput y";
    expect(simplifyGraph(parseGraph(text)).graph.nodes.length).toBe(2);
    expect(simplifyGraph(parseGraph(text), { level: "approximate" }).graph.nodes.length).toBe(1);
  });

  test("drops unused outputs", () => {
    const { graph } = simplifyGraph(sample(), { unusedOutputs: ["z"] });
    expect(graph.outputNames).toEqual(["y"]);
    expect(graph.nodes.map((node) => node.op)).not.toContain("Softmax");
  });

  test.each([
    [{ skip: ["no-such-pass"] }, /no pass "no-such-pass"/],
    [{ unusedOutputs: ["q"] }, /no output "q"/],
    [{ inputShapes: { q: [1] } }, /no input "q"/],
  ])("%j is refused", (options, message) => {
    expect(() => simplifyGraph(sample(), options)).toThrowError(message);
  });
});

describe("passes of one's own", () => {
  const wrong = nodePass({
    name: "drop-relu",
    class: "exact",
    about: "wrong on purpose",
    ops: ["Relu"],
    visit(node, edit) {
      const [from, to] = [node.outputs[0]!, node.inputs[0]!];
      return edit.canSubstitute(from, to) && edit.rewrite([node], () => edit.substitute(from, to));
    },
  });

  test("bisect finds the rewrite that moves an output", async () => {
    const original = sample();
    const { report } = simplifyGraph(original, { passes: [wrong], checkPasses: false });
    const found = await report.bisect(randomInputs(original));
    expect(found.rewrite).toMatchObject({ pass: "drop-relu" });
    expect(found.maxRelative).toBeGreaterThan(1e-3);
    expect(await simplifyGraph(original).report.bisect(randomInputs(original))).toMatchObject({ rewrite: undefined });
    expect((await report.certify()).holds).toBe(false);
  });

  test("one whose results differ is refused, with the graph that shows it", () => {
    const original = sample();
    const before = printGraph(original);
    expect(() => simplifyGraph(original, { passes: [wrong] })).toThrowError(
      expect.objectContaining({
        code: "PASS",
        message: expect.stringMatching(/pass drop-relu is of class exact, but moves output/),
        hint: expect.stringContaining("Relu"),
      }),
    );
    expect(printGraph(original)).toBe(before);
  });

  test("one in ten lines is tried, applied, logged and shown in the diff", () => {
    const flip = rulePass({
      name: "relu-of-negative",
      class: "exact",
      rules: [{ find: "n = Neg(x); r = Relu(n); y = Neg(r)", replace: "y = Min(x, 0)" }],
    });
    expect(checkPass(flip)).toMatchObject({ pass: "relu-of-negative", maxRelative: 0 });
    expect(checkPass(flip).changed).toBeGreaterThan(0);
    const original = parseGraph("input x: float32[2,3]\na = Neg(x)\nb = Relu(a)\ny = Neg(b)\noutput y");
    const { graph, report } = simplifyGraph(original, { passes: [flip] });
    expect(report.byPass).toMatchObject([{ pass: "relu-of-negative", removed: 3, added: 1 }]);
    const diff = diffGraphs(original, graph);
    expect([diff.removed, diff.added]).toEqual([['Neg "a"', 'Relu "b"', 'Neg "y"'], ['Min "y"']]);
    expect(report.undo("relu-of-negative").graph.nodes.length).toBe(3);
  });

  test("one that breaks the graph is named", () => {
    const breaks = nodePass({
      name: "breaks",
      class: "exact",
      about: "takes a node out that is needed",
      ops: ["Relu"],
      visit: (node, edit) => edit.rewrite([], () => edit.remove(node)),
    });
    expect(() => simplifyGraph(sample(), { passes: [breaks] })).toThrowError(
      expect.objectContaining({ code: "PASS", message: expect.stringContaining("breaks") }),
    );
  });

  test("one that changes the type of an output is refused", () => {
    const casts = nodePass({
      name: "casts",
      class: "exact",
      about: "changes a type",
      ops: ["Softmax"],
      visit: (node, edit) =>
        edit.rewrite([node], () => {
          edit.add("ArgMax", [node.inputs[0]], { axis: 1 }, { outputs: [node.outputs[0]] });
        }),
    });
    expect(() => simplifyGraph(sample(), { passes: [casts], checkPasses: false })).toThrowError(
      expect.objectContaining({ code: "PASS", message: expect.stringMatching(/pass casts: ArgMax "z"/) }),
    );
  });

  test("one that never comes to rest is stopped and named", () => {
    const original = sample();
    const before = printGraph(original);
    const grows = nodePass({
      name: "grows",
      class: "exact",
      about: "puts an Abs behind every Abs",
      ops: ["Relu", "Abs"],
      visit(node, edit) {
        return edit.rewrite([node], () => {
          const inner = edit.value(node.op, [node.inputs[0]]);
          edit.add("Abs", [inner], {}, { outputs: [node.outputs[0]] });
        });
      },
    });
    expect(() => simplifyGraph(original, { passes: [grows] })).toThrowError(
      expect.objectContaining({ code: "PASS", message: expect.stringContaining("grows") }),
    );
    expect(printGraph(original)).toBe(before);
  });
});

test("inspectGraph counts parameters and arithmetic", () => {
  const report = inspectGraph(sample(), { inputShapes: { x: [1, 2, 5, 5] } });
  expect(report.parameters).toBe(72 + 16 + 2 + 108 + 3);
  expect(report.layers[0]).toMatchObject({ op: "Conv", outputs: ["float32[1,4,3,3]"], flops: 2 * 18 * 36 });
  expect(formatReport(report, { layers: true })).toContain("Conv");
  expect(inspectGraph(sample()).complete).toBe(false);
});

test("diffGraphs finds changed attributes, constants and nodes, and nothing between equal graphs", () => {
  expect(diffGraphs(sample(), sample()).isEmpty).toBe(true);
  const other = parseGraph(net.replace("Softmax(y)", "Sigmoid(y)").replace("random 7", "random 9").replace("17", "18"));
  const diff = diffGraphs(sample(), other);
  expect(diff.interface).toEqual(["~ opset ai.onnx: 17 → 18"]);
  expect(diff.removed).toEqual(['Softmax "z"']);
  expect(diff.added).toEqual(['Sigmoid "z"']);
  expect(diff.changed).toEqual([
    { before: 'Add "y"', after: 'Add "y"', changes: ["constant B: float32[3] → float32[3], other values"] },
  ]);
  expect(formatDiff(diff)).toContain("1 removed");
});

describe("cutting and joining", () => {
  test("a model cut in two and merged again computes the same", async () => {
    const head = cutGraph(sample(), { outputs: ["r"] });
    const tail = cutGraph(sample(), { inputs: ["r"] });
    expect(head.nodes.map((node) => node.op)).toEqual(["Conv", "BatchNormalization", "Relu"]);
    const merged = mergeGraphs(head, renameValues(tail, { r: "given" }), { r: "given" });
    const feeds = randomInputs(sample());
    const [a, b] = [await referenceRunner(sample(), feeds), await referenceRunner(merged, feeds)];
    for (const name of ["y", "z"]) expect(compareValues(a[name], b[name]).bitEqual).toBe(true);
  });

  test.each([
    [() => cutGraph(sample(), { outputs: ["nothing"] }), /no value "nothing"/],
    [() => cutGraph(sample(), { inputs: ["m"], outputs: ["r"] }), /need input "x"/],
    [() => renameValues(sample(), { y: "z" }), /called "z" already/],
    [() => setShapes(sample(), { x: [1, 3, 5, 5] }), /Conv/],
    [() => mergeGraphs(sample(), sample(), { q: "x" }), /no output "q"/],
  ])("refusal %#", (action, message) => {
    expect(action).toThrowError(message);
  });
});

test("toFloat16 halves the weights and keeps the interface", async () => {
  const half = toFloat16(sample());
  expect(half.inputs[0]!.type).toEqual(sample().inputs[0]!.type);
  expect(extractWeights(half).get("w_half")?.dtype).toBe("float16");
  const feeds = randomInputs(sample());
  const [a, b] = [await referenceRunner(sample(), feeds), await referenceRunner(half, feeds)];
  expect(compareValues(a.y, b.y).maxRelative).toBeLessThan(5e-3);
  expect(compareValues(a.y, b.y).maxRelative).toBeGreaterThan(0);
});

test("convertOpset moves attributes to inputs and refuses what it cannot raise", async () => {
  const old = parseGraph(`opset 9
input x: float32[2,3,4]
a = Slice<axes=[1], ends=[2], starts=[0]>(x)
b = Clip<max=0.5, min=-0.5>(a)
c = Pad<pads=[0, 0, 1, 0, 0, 1], value=2>(b)
d = ReduceSum<axes=[1], keepdims=0>(c)
e = Unsqueeze<axes=[0]>(d)
y, z = Split<axis=2>(e)
output y
output z`);
  const raised = convertOpset(old, 18);
  const feeds = randomInputs(old);
  const [p, q] = [await referenceRunner(old, feeds), await referenceRunner(raised, feeds)];
  for (const name of ["y", "z"]) expect(compareValues(p[name], q[name]).bitEqual).toBe(true);
  expect(raised.nodes.every((node) => node.opset === 18)).toBe(true);
  const softmax = parseGraph("opset 9\ninput x: float32[2,3,4]\ny = Softmax<axis=1>(x)\noutput y");
  expect(() => convertOpset(softmax, 13)).toThrowError(expect.objectContaining({ code: "UNSUPPORTED" }));
  expect(() => convertOpset(raised, 9)).toThrowError(expect.objectContaining({ code: "ARGUMENT" }));
});

test("writeSafetensors lays tensors out as its header says", () => {
  const bytes = writeSafetensors(extractWeights(sample()), { from: "test" });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  expect(length % 8).toBe(0);
  expect(header.b).toMatchObject({ dtype: "F32", shape: [3] });
  const [start] = header.b.data_offsets;
  const b = new DataView(bytes.buffer).getFloat32(8 + length + start, true);
  expect(b).toBe(extractWeights(sample()).get("b")!.data[0]);
});

describe("ONNX files", () => {
  const file = (name: string): string => join(folder, name);

  test("what is written and read again is equal", () => {
    const text = printGraph(readOnnx(writeOnnx(sample())), { nodeNames: true });
    expect(printGraph(readOnnx(writeOnnx(readOnnx(writeOnnx(sample())))), { nodeNames: true })).toBe(text);
    expect(diffGraphs(sample(), readOnnx(writeOnnx(sample()))).isEmpty).toBe(true);
  });

  test("external data are read back, also when saved over the file they come from", () => {
    saveOnnx(sample(), file("a.onnx"), { externalData: true, minExternalBytes: 16 });
    expect(readdirSync(folder)).toEqual(["a.onnx", "a.onnx.data"]);
    const graph = readOnnx(file("a.onnx"));
    expect(diffGraphs(sample(), graph).isEmpty).toBe(true);
    saveOnnx(graph, file("a.onnx"), { externalData: true, minExternalBytes: 16 });
    expect(diffGraphs(sample(), readOnnx(file("a.onnx"))).isEmpty).toBe(true);
  });

  test("data are looked for only when they are needed", () => {
    saveOnnx(sample(), file("b.onnx"), { externalData: "b.data", minExternalBytes: 16 });
    rmSync(file("b.data"));
    const graph = readOnnx(file("b.onnx"));
    expect(graph.nodes.length).toBe(8);
    expect(() => graph.nodes[0]!.inputs[1]!.constant).toThrowError(expect.objectContaining({ code: "EXTERNAL_DATA" }));
  });

  test.each(["../secret", "/etc/issue", "..\\secret", "C:\\secret", "a/../../b", ""])(
    "external data at %j are refused",
    (location) => {
      saveOnnx(sample(), file("c.onnx"), { externalData: "0123456789", minExternalBytes: 16 });
      const bytes = readFileSync(file("c.onnx"));
      // The location is overwritten in place, so it has to keep its length.
      const padded = location.padEnd(10, location === "" ? "\0" : "/");
      for (let at = bytes.indexOf("0123456789"); at >= 0; at = bytes.indexOf("0123456789")) bytes.write(padded, at);
      writeFileSync(file("c.onnx"), bytes);
      expect(() => readOnnx(file("c.onnx"))).toThrowError(expect.objectContaining({ code: "EXTERNAL_DATA" }));
    },
  );

  test("a link that leads out of the folder is refused", () => {
    saveOnnx(sample(), file("d.onnx"), { externalData: "d.data", minExternalBytes: 16 });
    rmSync(file("d.data"));
    symlinkSync("/etc/hostname", file("d.data"));
    const graph = readOnnx(file("d.onnx"));
    expect(() => graph.nodes[0]!.inputs[1]!.constant).toThrowError(/link out of the model's folder/);
  });

  test("saving to a place that does not exist is a typed error and leaves nothing", () => {
    expect(() => saveOnnx(sample(), file("no/such/x.onnx"))).toThrowError(expect.objectContaining({ code: "FILE" }));
  });
});
