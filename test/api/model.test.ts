import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { graph } from "../../src/api/graph.ts";
import { Model } from "../../src/api/model.ts";
import { tensor } from "../../src/api/tensor.ts";

function sample(): Model {
  const g = graph("sample");
  const x = g.input("x", "float32", ["n", 2]);
  g.output("y", x.add(0).mul([2, 3]).relu().relu());
  return g.toModel();
}

test("simplify() gives a smaller model that computes the same, and says what it did", async () => {
  const model = sample();
  const { model: small, report } = await model.simplify();
  expect(small.graph.nodes.length).toBeLessThan(model.graph.nodes.length);
  expect(report.toString()).toContain("remove-neutral-operands");
  const feeds = { x: tensor([[1, -1]]) };
  const [a, b] = await Promise.all(
    [model, small].map(async (m) => (await (await m.compile({ engine: "reference" })).run(feeds))["y"]!.data),
  );
  expect(b).toEqual(a);
});

test("save() and load() keep the model", async () => {
  const folder = await mkdtemp(join(tmpdir(), "inferlab-model-"));
  const path = join(folder, "sample.onnx");
  const model = sample();
  await model.save(path);
  const again = await Model.load(path);
  expect(again.toString()).toBe(model.toString());
  expect(Buffer.compare(again.toBytes(), model.toBytes())).toBe(0);
  await rm(folder, { recursive: true });
});

test("load() names what a file is not", async () => {
  await expect(Model.load(new TextEncoder().encode("not a model"))).rejects.toMatchObject({ name: "InferlabError" });
  await expect(Model.load("no-such.onnx")).rejects.toMatchObject({ code: "FILE" });
});

test.each([
  [{}, /"x".*missing/],
  [{ x: tensor([1]) }, /"x" .* is float32\[1\], expected float32\[n,2\]/],
  [{ x: tensor([[1n, 2n]]) }, /int64\[1,2\], expected float32\[n,2\]/],
  [{ x: tensor([[1, 2]]), z: tensor(1) }, /no input "z"/],
])("run(%o) is refused", async (feeds, message) => {
  const session = await sample().compile({ engine: "reference" });
  await expect(session.run(feeds as never)).rejects.toThrow(message);
  expect((await session.run({ x: tensor([[1, 2]]) }))["y"]!.shape).toEqual([1, 2]);
});

test("compile() names unknown engines and bad options", async () => {
  await expect(sample().compile({ engine: "magic" })).rejects.toThrow(
    /"magic", expected one of native, reference, ort/,
  );
  await expect(sample().compile({ threads: 0 })).rejects.toThrow(/threads is 0/);
});
