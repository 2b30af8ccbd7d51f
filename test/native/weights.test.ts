/** Weights that only the packed form is left of: read anew where somebody asks, from the file that was loaded or not at all. */
import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { Graph, Value } from "../../src/compiler/ir/graph.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { saveNnl } from "../../src/compiler/nnl/write.ts";
import { saveOnnx } from "../../src/compiler/onnx/write.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { difference, seeded } from "../support/compare.ts";

const folder = mkdtempSync(join(tmpdir(), "inferlab-weights-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Weights that are packed, folded and packed, and read as they are (`table`); 0.6 MiB, so that the file stays a file. */
const net = `opset 21
input x: float32[n,8,h,16]
w1: float32[64,8,3,3] = random 1
w2: float32[64,64,3,3] = random 2
scale: float32[64] = random 3
shift: float32[64] = random 4
mean: float32[64] = random 5
variance: float32[64] = fill 1
w3: float32[64,64,5,5] = random 6
table: float32[1,64,1,16] = random 7
a = Conv<pads=[1,1,1,1]>(x, w1)
b = Conv<pads=[1,1,1,1]>(a, w2)
c = BatchNormalization(b, scale, shift, mean, variance)
d = Conv<pads=[2,2,2,2]>(c, w3)
e = Add(d, table)
y = Relu(e)
output y`;

const random = seeded(8);
const feed = (height: number, batch = 1): { x: Tensor } => ({
  x: new Tensor(
    "float32",
    [batch, 8, height, 16],
    Float32Array.from({ length: batch * 8 * height * 16 }, () => random() - 0.5),
  ),
});

/** A file that was written so long ago that a change of it shows in its time. */
function old(name: string, write: (path: string) => void): string {
  const path = join(folder, name);
  write(path);
  const longAgo = Date.now() / 1000 - 3600;
  utimesSync(path, longAgo, longAgo);
  return path;
}

/** Writes other bytes over the middle of a file, which is where weights are. */
function overwrite(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, new Uint8Array(100_000).fill(7), 0, 100_000, 200_000);
  closeSync(file);
}

function* constantsOf(graph: Graph): Generator<[Value, Tensor]> {
  for (const node of graph.nodes) for (const value of node.inputs) if (value?.constant) yield [value, value.constant];
}

/** Names and digests of a graph's constants. */
const contentOf = (graph: Graph): string[] =>
  [...constantsOf(graph)].map(([{ name }, { data }]) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array;
    return `${name} ${createHash("sha1")
      .update(new Uint8Array(buffer, byteOffset, byteLength))
      .digest("hex")}`;
  });

/** Constants whose elements are in memory: what native code reads as it is. */
const namesKept = (model: Model): string[] => [
  ...new Set([...constantsOf(model.graph)].flatMap(([{ name }, t]) => (Tensor.deferralOf(t)?.isKept ? [name] : []))),
];

async function expectSame(model: Model, session: Awaited<ReturnType<Model["compile"]>>, feeds: { x: Tensor }) {
  const other = await model.compile({ engine: "reference" });
  const [{ y }, { y: expected }] = [await session.run(feeds), await other.run(feeds)] as { y: Tensor }[] as [
    { y: Tensor },
    { y: Tensor },
  ];
  expect(difference(y, expected, 1e-3, 1e-3).worst).toBeLessThan(1);
}

describe.skipIf(!loadAddon().ok)("weights of a native session", () => {
  let path: string;
  beforeAll(() => {
    path = old("net.onnx", (to) => saveOnnx(parseGraph(net), to));
  });
  const copy = (name: string): string => old(name, (to) => copyFileSync(path, to));

  test("are let go once they are packed, and packed once for all shapes", async () => {
    const model = await Model.load(path);
    const session = await model.compile({ engine: "native", threads: 1 });
    const feeds = [feed(2), feed(3), feed(4, 2)];
    for (const given of feeds) await session.run(given);
    expect(namesKept(model)).toEqual(["table"]);
    const { packedWeights, packedBytes } = session.stats;
    for (const given of feeds) await expectSame(model, session, given);
    await expectSame(model, session, feed(5));
    expect(session.stats).toMatchObject({ packedWeights, packedBytes });
    expect(session.heap().byKind.weights.bytes).toBeGreaterThanOrEqual(packedBytes);
  });

  test("are there for another session, for who looks at the model and for who saves it", async () => {
    const model = await Model.load(path);
    const first = await model.compile({ engine: "native", threads: 1 });
    await first.run(feed(2));
    const second = await model.compile({ engine: "native", threads: 1, optimize: "none" });
    await expectSame(model, second, feed(2));
    first.dispose();
    await expectSame(model, second, feed(4));
    const original = contentOf(parseGraph(net));
    expect(contentOf(model.graph)).toEqual(original);
    expect(contentOf((await Model.load(model.toBytes())).graph)).toEqual(original);
  });

  test("of a model from memory are views of its bytes, which stay", async () => {
    const bytes = new Uint8Array(readFileSync(path));
    const model = await Model.load(bytes);
    const session = await model.compile({ engine: "native", threads: 1 });
    await session.run(feed(2));
    expect(bytes.length).toBeGreaterThan(500_000);
    await expectSame(model, session, feed(3));
  });

  test("of an .nnl file are read from it and checked", async () => {
    const file = old("net.nnl", (to) => saveNnl(parseGraph(net), to, []));
    const model = await Model.load(file);
    const session = await model.compile({ engine: "native", threads: 1 });
    await session.run(feed(2));
    expect(namesKept(model)).toEqual(["table"]);
    await expectSame(model, session, feed(3));
  });

  test("come from the file that was loaded, removed or replaced by another as it may be", async () => {
    const file = copy("replaced.onnx");
    const model = await Model.load(file);
    renameSync(
      old("other.onnx", (to) => saveOnnx(parseGraph(net.replaceAll("= random", "= fill")), to)),
      file,
    );
    const session = await model.compile({ engine: "native", threads: 1 });
    const expected = await Model.load(path);
    await expectSame(expected, session, feed(2));
    rmSync(file);
    await expectSame(expected, await model.compile({ engine: "native", threads: 1 }), feed(3));
  });

  test("of a file that was written to are an error; what is packed goes on", async () => {
    const file = copy("written.onnx");
    const model = await Model.load(file);
    const session = await model.compile({ engine: "native", threads: 1 });
    await session.run(feed(2));
    overwrite(file);
    await expectSame(await Model.load(path), session, feed(3));
    const late = await model.compile({ engine: "native", threads: 1 });
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await late.run(feed(2)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InferlabError);
      expect(error).toMatchObject({ code: "FILE", message: expect.stringMatching(/written\.onnx" was written to/) });
    }
    expect(() => model.toBytes()).toThrow(/was written to/);
  });

  test("of a file that is so new that a change might not show are kept from the start", async () => {
    const file = join(folder, "new.onnx");
    copyFileSync(path, file);
    // Whatever the machine is busy with meanwhile: a time to come is as uncertain.
    const later = Date.now() / 1000 + 3600;
    utimesSync(file, later, later);
    const model = await Model.load(file);
    overwrite(file);
    writeFileSync(file, "");
    await expectSame(await Model.load(path), await model.compile({ engine: "native", threads: 1 }), feed(2));
  });
});
