import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { Model } from "../../src/api/model.ts";
import { tensor } from "../../src/api/tensor.ts";
import { weightAlignment, weightsOffset } from "../../src/compiler/nnl/format.ts";
import { readNnl } from "../../src/compiler/nnl/read.ts";
import { native } from "../../src/runtime/native.ts";
import { seededFeeds, shapesOf } from "../support/nets.ts";
import { missing, shared } from "../support/shared.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-nnl-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function sample(): Model {
  const g = graph("sample");
  const x = g.input("x", "float32", ["n", 16]);
  const w = tensor(
    Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
    [16, 16],
  );
  // The same weights twice, and a small constant.
  g.output("y", x.matmul(w).add(1).relu().matmul(w));
  return g.toModel();
}

test("a model survives .nnl: as ONNX it has the same hash", async () => {
  const model = sample();
  const again = await Model.load(model.toBytes({ format: "nnl" }));
  expect(sha256(again.toBytes())).toBe(sha256(model.toBytes()));
  expect(sha256(again.toBytes({ format: "nnl" }))).toBe(sha256(model.toBytes({ format: "nnl" })));
});

test("weights lie at multiples of 64, equal ones once, and are views of a file in memory", () => {
  const file = sample().toBytes({ format: "nnl" });
  const { graph: read } = readNnl(file);
  const weights = read.nodes.flatMap(({ inputs }) => inputs.filter((v) => v && v.constantBytes === 1024));
  expect(weights.length).toBe(2);
  for (const value of weights) {
    const data = value!.constant!.data as Float32Array;
    expect(data.buffer).toBe(file.buffer);
    expect(data.byteOffset % weightAlignment).toBe(0);
    expect(data.byteOffset).toBe(weightsOffset);
  }
});

test("save() writes .nnl by the name of the file, with plans that compile() starts from", async () => {
  const path = join(folder, "sample.nnl");
  const model = sample();
  await model.save(path, { plans: [{ engine: "reference" }, { engine: "reference", optimize: "exact" }] });
  const { plans } = readNnl(path);
  expect(plans.map(({ key }) => key.split("/").slice(0, 2))).toEqual([
    ["fused", "all"],
    ["fused", "exact"],
  ]);
  const loaded = await Model.load(path);
  const x = tensor(
    Float32Array.from({ length: 32 }, (_, i) => i / 7),
    [2, 16],
  );
  const [a, b] = await Promise.all(
    [model, loaded].map(async (m) => (await (await m.compile({ engine: "reference" })).run({ x }))["y"]!.data),
  );
  expect(b).toEqual(a);
  await expect(model.save(join(folder, "x.onnx"), { plans: [{}] })).rejects.toMatchObject({ code: "ARGUMENT" });
});

test.skipIf(missing("models", "mnist.onnx") || !native.available().ok)(
  "a stored plan is the graph that the native engine would make",
  async () => {
    const model = await Model.load(shared("models", "mnist.onnx")!);
    const file = model.toBytes({ format: "nnl", plans: [{ engine: "native" }] });
    const stored = readNnl(file).plans[0]!.read();
    expect(stored.nodes.map(({ op }) => op)).toContain("FusedConv");
    const loaded = await Model.load(file);
    const feeds = seededFeeds(model.graph, "mnist", shapesOf["mnist"]?.[0] ?? {});
    using ours = await model.compile({ engine: "native" });
    using theirs = await loaded.compile({ engine: "native" });
    expect(await theirs.run(feeds)).toEqual(await ours.run(feeds));
    expect(theirs.explain()).toEqual(ours.explain());
  },
);

describe("damage is found", () => {
  const file = sample().toBytes({ format: "nnl" });
  const damaged = (at: number, value?: number): Uint8Array => {
    const copy = file.slice();
    copy[at] = value ?? copy[at]! ^ 1;
    return copy;
  };
  test.each([
    ["a later version", damaged(8, 9), "UNSUPPORTED"],
    ["a broken table", damaged(40), "MODEL_INVALID"],
    ["a broken graph", damaged(file.length - 3), "MODEL_INVALID"],
    ["a file cut off", file.slice(0, file.length - 100), "MODEL_TRUNCATED"],
    ["a head cut off", file.slice(0, 20), "MODEL_TRUNCATED"],
  ])("%s", (_, bytes, code) => {
    expect(() => readNnl(bytes)).toThrowError(expect.objectContaining({ code }));
  });

  test("a weight that does not fit its checksum, when it is read", () => {
    const { graph: read } = readNnl(damaged(weightsOffset + 5));
    const value = read.nodes.flatMap(({ inputs }) => inputs).find((v) => v && v.constantBytes === 1024);
    expect(() => value!.constant).toThrowError(/do not fit their checksum/);
  });
});

test("the documented layout is the one of the file", () => {
  const page = readFileSync(new URL("../../docs/nnl.md", import.meta.url), "utf8");
  expect(page).toContain("`89 4E 4E 4C 0D 0A 1A 0A`");
  expect(page).toContain(String(weightsOffset));
});
