import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import { tensor } from "../../src/api/tensor.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { readTfjs } from "../../src/compiler/tfjs/read.ts";
import { engines } from "../../src/runtime/engines.ts";
import { difference } from "../support/compare.ts";
import { npmNets, packageFile } from "../support/npm-nets.ts";
import { missing, shared } from "../support/shared.ts";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const bytesOf = (...arrays: ArrayBufferView[]) =>
  Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** y = relu(x · w + b), with weights quantised in one way. */
function denseModel(w: { spec: object; data: ArrayBufferView }) {
  const topology = {
    node: [
      {
        name: "x",
        op: "Placeholder",
        attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim: [{ size: "-1" }, { size: "2" }] } } },
      },
      { name: "w", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
      { name: "b", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
      {
        name: "y",
        op: "_FusedMatMul",
        input: ["x", "w", "b"],
        attr: { fused_ops: { list: { s: [base64("BiasAdd"), base64("Relu")] } } },
      },
    ],
  };
  const weightsManifest = [
    {
      paths: ["a.bin", "b.bin"],
      weights: [
        { name: "w", shape: [2, 2], dtype: "float32", ...w.spec },
        { name: "b", shape: [2], dtype: "float32" },
      ],
    },
  ];
  const all = bytesOf(w.data, Float32Array.of(1, -1));
  // Shards are cut anywhere, also inside an element.
  const shards = new Map([
    ["a.bin", new Uint8Array(all.subarray(0, 3))],
    ["b.bin", new Uint8Array(all.subarray(3))],
  ]);
  return { model: json({ format: "graph-model", modelTopology: topology, weightsManifest }), shards };
}

describe("weights", () => {
  test.each([
    ["plain", { spec: {}, data: Float32Array.of(1, 2, 3, 4) }, [1, 2, 3, 4]],
    [
      "uint8",
      {
        spec: { quantization: { dtype: "uint8", scale: 0.5, min: -1, original_dtype: "float32" } },
        data: Uint8Array.of(0, 2, 4, 255),
      },
      [-1, 0, 1, 126.5],
    ],
    [
      "uint16",
      { spec: { quantization: { dtype: "uint16", scale: 0.25, min: 2 } }, data: Uint16Array.of(0, 4, 8, 65535) },
      [2, 3, 4, 16385.75],
    ],
    [
      "float16",
      { spec: { quantization: { dtype: "float16" } }, data: Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff) },
      [1, -2, 0.5, 65504],
    ],
  ])("%s", async (_, w, expected) => {
    const { model, shards } = denseModel(w);
    const loaded = await Model.load(model, { shards });
    expect(loaded.toString()).toBe("tfjs(x: float32[N,2]) → y: float32[N,2]");
    using session = await loaded.compile({ engine: "reference" });
    const { y } = await session.run({
      x: tensor([
        [1, 0],
        [0, 1],
      ]),
    });
    const [a, b, c, d] = expected as [number, number, number, number];
    expect([...(y!.data as Float32Array)]).toEqual([a + 1, b - 1, c + 1, d - 1].map((v) => Math.max(0, v)));
  });

  test("a shard that is too short, missing or of another kind is named", () => {
    const { model, shards } = denseModel({ spec: {}, data: Float32Array.of(1, 2, 3, 4) });
    expect(() => readTfjs(model, { shards: new Map([...shards, ["b.bin", new Uint8Array(4)]]) })).toThrowError(
      expect.objectContaining({ code: "MODEL_TRUNCATED" }),
    );
    expect(() => readTfjs(model)).toThrowError(expect.objectContaining({ code: "EXTERNAL_DATA" }));
    const odd = denseModel({ spec: { quantization: { dtype: "int2" } }, data: Uint8Array.of(0) });
    expect(() => readTfjs(odd.model, { shards: odd.shards })).toThrowError(/int2, expected uint8, uint16 or float16/);
  });
});

describe("weights on disk", () => {
  let folder = "";
  const { model, shards } = denseModel({ spec: {}, data: Float32Array.of(1, 2, 3, 4) });
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "inferlab-tfjs-"));
    await mkdir(join(folder, "net"));
    await writeFile(join(folder, "net", "model.json"), model);
    for (const [name, bytes] of shards) await writeFile(join(folder, "net", name), bytes);
    await writeFile(join(folder, "outside.bin"), Buffer.alloc(64));
    await symlink(join(folder, "outside.bin"), join(folder, "net", "link.bin"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("are found beside the model, which is told by its content", async () => {
    const loaded = await Model.load(join(folder, "net", "model.json"));
    expect(loaded.name).toBe("net");
    expect(loaded.graph.nodes.map(({ op }) => op)).toEqual(["MatMul", "Add", "Relu"]);
  });

  test.each([
    ["../outside.bin", /leads out/],
    ["link.bin", /link out/],
    ["/etc/hostname", /leads out/],
    ["https://example.org/a.bin", /leads out/],
    ["missing.bin", /not in the model's folder/],
  ])("%s is refused", async (path, message) => {
    const text = new TextDecoder().decode(model).replace("a.bin", path);
    await writeFile(join(folder, "net", "other.json"), text);
    await expect(Model.load(join(folder, "net", "other.json"))).rejects.toMatchObject({
      code: "EXTERNAL_DATA",
      message: expect.stringMatching(message),
    });
  });
});

const layer = (class_name: string, name: string, config: object, inbound?: string[]) => ({
  class_name,
  name,
  config: { name, ...config },
  inbound_nodes: inbound ? [inbound.map((from) => [from, 0, 0, {}])] : [],
});

test("a layers model has the meaning of Keras", async () => {
  const layers = [
    layer("InputLayer", "in", { batch_input_shape: [null, null, null, 1], dtype: "float32" }),
    layer(
      "ZeroPadding2D",
      "pad",
      {
        padding: [
          [1, 0],
          [0, 1],
        ],
      },
      ["in"],
    ),
    layer("Conv2D", "conv", { kernel_size: [2, 2], strides: 1, padding: "valid", activation: "relu" }, ["pad"]),
    layer("UpSampling2D", "up", { size: [2, 2], interpolation: "nearest" }, ["conv"]),
    layer("MaxPooling2D", "pool", { pool_size: [2, 2], padding: "same" }, ["up"]),
    layer("BatchNormalization", "norm", { axis: [3], epsilon: 0, scale: false }, ["pool"]),
    layer("Concatenate", "join", { axis: -1 }, ["norm", "in"]),
    layer("GlobalAveragePooling2D", "mean", {}, ["join"]),
    layer("Dropout", "drop", { rate: 0.5 }, ["mean"]),
    layer("Dense", "dense", { units: 1, use_bias: false, activation: "linear" }, ["drop"]),
  ];
  const config = { name: "net", layers, input_layers: [["in", 0, 0]], output_layers: [["dense", 0, 0]] };
  const weights: [string, number[], number[]][] = [
    ["conv/kernel", [2, 2, 1, 1], [1, 2, 3, 4]],
    ["conv/bias", [1], [-3]],
    ["norm/beta", [1], [10]],
    ["norm/moving_mean", [1], [1]],
    ["norm/moving_variance", [1], [4]],
    ["dense/kernel", [2, 1], [1, 100]],
  ];
  const model = json({
    format: "layers-model",
    modelTopology: { model_config: { class_name: "Functional", config } },
    weightsManifest: [{ paths: ["w"], weights: weights.map(([name, shape]) => ({ name, shape, dtype: "float32" })) }],
  });
  const shards = new Map([["w", new Uint8Array(bytesOf(...weights.map(([, , v]) => Float32Array.from(v))))]]);
  const loaded = await Model.load(model, { shards });
  verifyGraph(loaded.graph);
  expect(loaded.toString()).toBe("net(in: float32[N,H,W,1]) → dense: float32[N,1]");
  // Padded rows: 000, 120, 340. Windows: 0+0+3+8, 0+0+6+0, 1+4+9+16, 2+0+12+0, less 3.
  const conv = [11 - 3, 6 - 3, 30 - 3, 14 - 3];
  const mean = conv.reduce((sum, v) => sum + ((v - 1) / 2 + 10) / 4, 0);
  for (const engine of engines.filter((candidate) => candidate.available().ok)) {
    using session = await loaded.compile({ engine: engine.name });
    const { dense } = await session.run({ in: tensor([1, 2, 3, 4], [1, 2, 2, 1]) });
    expect((dense!.data as Float32Array)[0], engine.name).toBeCloseTo(mean + 250, 3);
  }
});

describe("what is no TensorFlow.js model, or a broken one", () => {
  const graph = (node: object[], more: object = {}) =>
    json({ format: "graph-model", modelTopology: { node }, ...more });
  const x = {
    name: "x",
    op: "Placeholder",
    attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim: [{ size: "2" }] } } },
  };
  test.each([
    ["JSON of something else", json({ version: 4 }), "MODEL_FORMAT", /no modelTopology/],
    ["half a JSON", new TextEncoder().encode('{"modelTopology": {'), "MODEL_FORMAT", /no JSON/],
    [
      "a cycle",
      graph([
        { name: "a", op: "Relu", input: ["b"] },
        { name: "b", op: "Relu", input: ["a"] },
        { name: "y", op: "Relu", input: ["a"] },
      ]),
      "MODEL_INVALID",
      /depend/,
    ],
    [
      "an undefined node",
      graph([x, { name: "y", op: "Add", input: ["x", "q"] }]),
      "MODEL_INVALID",
      /"q" is used and not there/,
    ],
    ["two nodes of one name", graph([x, x]), "MODEL_INVALID", /two nodes are called "x"/],
    [
      "operators that nobody knows",
      graph([x, { name: "y", op: "TensorListReserve", input: ["x"] }, { name: "z", op: "Merge", input: ["y"] }]),
      "UNKNOWN_OPERATOR",
      /2 operators .* TensorListReserve, Merge/,
    ],
    [
      "an attribute of a wrong type",
      graph([
        x,
        { name: "y", op: "Softmax", input: ["x"] },
        { name: "z", op: "Pack", input: ["y"], attr: { axis: { i: "one" } } },
      ]),
      "MODEL_INVALID",
      /axis of node "z" is "one", expected a number/,
    ],
    [
      "a constant without weights",
      graph([x, { name: "c", op: "Const" }, { name: "y", op: "Add", input: ["x", "c"] }]),
      "MODEL_INVALID",
      /"c" is not among the weights/,
    ],
    [
      "sizes beyond all",
      graph([x], { weightsManifest: [{ paths: [], weights: [{ name: "w", shape: [1e9, 1e9], dtype: "float32" }] }] }),
      "MODEL_TRUNCATED",
      /the shards have 0/,
    ],
  ])("%s", (_, bytes, code, message) => {
    expect(() => readTfjs(bytes)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

const net = npmNets.find(({ truth }) => truth === "esrgan-slim-x2")!;
const file = packageFile(net.package, net.path);

test.skipIf(!file || missing("models-converted", "esrgan-slim-x2.onnx"))(
  "esrgan-slim agrees with its independent rendering",
  async () => {
    const model = await Model.load(file!);
    const truth = await Model.load(shared("models-converted", "esrgan-slim-x2.onnx")!);
    const x = tensor(
      Float32Array.from({ length: 24 * 20 * 3 }, (_, i) => (i * 37) % 256),
      [1, 24, 20, 3],
    );
    using expected = await truth.compile({ engine: "ort", threads: 1 });
    using got = await model.compile({ engine: engines[0]!.available().ok ? "native" : "reference" });
    const { SR } = await got.run({ LR: x });
    const { output } = await expected.run({ input: x });
    expect(difference(SR!, output!, 1e-3, 1e-3).worst).toBeLessThanOrEqual(1);
  },
);
