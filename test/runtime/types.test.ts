/** Every element type and kind of value through the public API: made, fed, moved, cast, read, saved. */
import { describe, expect, test } from "vitest";
import {
  graph,
  Model,
  optional,
  type RuntimeValue,
  type SequenceValue,
  sequence,
  Tensor,
  tensor,
} from "../../src/api/index.ts";
import { displaySymbol } from "../../src/base/display-hook.ts";
import { type DType, dtypeNames, dtypes } from "../../src/base/dtypes.ts";
import { decodeNumber, isBig, roundTo } from "../../src/base/numbers.ts";
import type { ValueType } from "../../src/base/value-type.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { engines } from "../../src/runtime/engines.ts";
import { type OneNode, oneNode } from "../ops/one-node.ts";

const ours = engines.filter(({ name, available }) => name !== "ort" && available().ok).map(({ name }) => name);
/** Newest opset whose operators take every element type. */
const opset = 25;

/** Six numbers that the type holds exactly. */
function numbersOf(dtype: DType): number[] {
  const { kind, bits } = dtypes[dtype];
  if (kind === "bool") return [1, 0, 0, 1, 1, 0];
  if (dtype === "float8e8m0") return [1, 2, 0.5, 4, 8, 0.25];
  if (kind === "float") return [0, 1.5, -2, 0.5, 3, -1];
  const top = kind === "int" ? 2 ** (Math.min(bits, 32) - 1) - 1 : 2 ** Math.min(bits, 32) - 1;
  return kind === "int" ? [0, 1, -1, top, -top - 1, -2] : [0, 1, 2, top, top - 1, 3];
}

const rows = <T>(list: readonly T[]): T[][] => [list.slice(0, 3), list.slice(3)];
const sample = (dtype: DType): Tensor =>
  dtype === "string"
    ? tensor(rows(["ash", "", "ü", "🌲", "a b", "\n"]))
    : tensor(rows(numbersOf(dtype)), undefined, dtype);
const elements = (t: Tensor): unknown[] => Array.from(t.data as ArrayLike<unknown>);

async function runOne(engine: string, node: OneNode): Promise<Record<string, RuntimeValue>> {
  using session = await compileGraph(oneNode(node), { engine, optimize: "none" });
  return await session.run(Object.fromEntries(node.inputs.map((value, i) => [`in${i}`, value as Tensor])));
}

const index = (...list: number[]): Tensor => tensor(list.map(BigInt));
/** Operators that move elements: what they do to positions they do to elements of any type. */
const movers: Readonly<Record<string, (x: Tensor) => Omit<OneNode, "op">>> = {
  Identity: (x) => ({ inputs: [x] }),
  Transpose: (x) => ({ inputs: [x], attributes: { perm: [1, 0] } }),
  Reshape: (x) => ({ inputs: [x, index(3, 2)] }),
  Concat: (x) => ({ inputs: [x, x], attributes: { axis: 1 } }),
  Slice: (x) => ({ inputs: [x, index(2), index(-4), index(1), index(-1)] }),
  Gather: (x) => ({ inputs: [x, index(2, 0, 2)], attributes: { axis: 1 } }),
  Expand: (x) => ({ inputs: [x, index(2, 2, 3)] }),
  Tile: (x) => ({ inputs: [x, index(1, 2)] }),
  Where: (x) => ({ inputs: [tensor([[true], [false]]), x, x] }),
  Unsqueeze: (x) => ({ inputs: [x, index(1)] }),
  Flatten: (x) => ({ inputs: [x] }),
};

const positions = new Tensor("int32", [2, 3], Int32Array.of(0, 1, 2, 3, 4, 5));

describe.each(dtypeNames.filter((name) => dtypes[name].kind !== "complex"))("%s", (dtype) => {
  test("is made from numbers and read as numbers", () => {
    const x = sample(dtype);
    expect(x.dtype).toBe(dtype);
    expect(x.shape).toEqual([2, 3]);
    if (dtype === "string") return expect(x.data).toEqual(["ash", "", "ü", "🌲", "a b", "\n"]);
    expect(elements(x.to("float64"))).toEqual(numbersOf(dtype));
    expect(elements(tensor(rows(numbersOf(dtype)), undefined, "float64").to(dtype))).toEqual(elements(x));
    if (!isBig(dtype)) expect(elements(x).map((e) => decodeNumber(dtype, e as number))).toEqual(numbersOf(dtype));
  });

  test("shows its elements", async () => {
    const text = String((await sample(dtype)[displaySymbol]())["text/plain"]);
    expect(text).toContain(`${dtype}[2,3]`);
    const shown = dtype === "bool" ? ["true", "false"] : dtype === "string" ? ["ash", "🌲"] : ["1", "2"];
    for (const one of shown) expect(text).toContain(one);
  });

  test.each(ours)("is moved by every operator that moves, on %s", async (engine) => {
    const codes = elements(sample(dtype));
    for (const [op, nodeOf] of Object.entries(movers)) {
      // Types that came later than an operator's last version are not in its list.
      const [expected] = Object.values(await runOne("reference", { op, opset, ...nodeOf(positions) })) as [Tensor];
      const [got] = Object.values(await runOne(engine, { op, opset, ...nodeOf(sample(dtype)) })) as [Tensor];
      expect(got.dtype, op).toBe(dtype);
      expect(got.shape, op).toEqual(expected.shape);
      expect(elements(got), op).toEqual(Array.from(expected.data as Int32Array, (at) => codes[at]));
    }
  });

  test.each(ours)("goes through a file as an input and as a constant, on %s", async (engine) => {
    const g = graph("file");
    const x = g.input("x", dtype, ["n", 3]);
    g.output("both", x.concat([g.constant(sample(dtype))], { axis: 0 }));
    const model = await Model.load(g.toModel().toBytes());
    using session = await model.compile({ engine });
    const { both } = await session.run({ x: sample(dtype) });
    expect(both!.dtype).toBe(dtype);
    expect(elements(both!)).toEqual([...elements(sample(dtype)), ...elements(sample(dtype))]);
  });
});

describe.each(dtypeNames.filter((name) => dtypes[name].kind === "float" && dtypes[name].bits < 32))(
  "%s, a small float",
  (dtype) => {
    test("rounds numbers to the nearest it has", () => {
      const given = [0.1, 1.1, 2.3, 1e9];
      const made = tensor(given, undefined, dtype).to("float64").data;
      expect(Array.from(made)).toEqual(given.map((value) => roundTo(dtype, value)));
    });

    test.each(ours)("is cast to float32 and back on %s", async (engine) => {
      const g = graph("casts");
      g.output("up", g.input("x", dtype, [2, 3]).cast({ to: dtypes.float32.onnx }));
      g.output("down", g.input("y", "float32", [3]).cast({ to: dtypes[dtype].onnx }));
      using session = await g.toModel().compile({ engine });
      const { up, down } = await session.run({ x: sample(dtype), y: tensor([1, 2, 1.3]) });
      expect(elements(up!)).toEqual(numbersOf(dtype));
      expect(elements(down!.to("float64"))).toEqual([1, 2, roundTo(dtype, 1.3)]);
    });
  },
);

test.each(ours.flatMap((engine) => (["float16", "bfloat16"] as const).map((dtype) => [dtype, engine] as const)))(
  "%s is computed with, rounded after each operator, on %s",
  async (dtype, engine) => {
    const [a, b] = [
      [1.1, 300, -0.3],
      [0.7, 0.11, 3],
    ].map((list) => list.map((value) => roundTo(dtype, value)));
    const g = graph("sums");
    const x = g.input("x", dtype, [3]);
    const y = g.input("y", dtype, [3]);
    g.output("z", x.mul(y).add(x));
    using session = await g.toModel().compile({ engine, optimize: "none" });
    const { z } = await session.run({ x: tensor(a!, [3], dtype), y: tensor(b!, [3], dtype) });
    expect(Array.from(z!.to("float64").data)).toEqual(
      a!.map((value, i) => roundTo(dtype, roundTo(dtype, value * b![i]!) + value)),
    );
  },
);

test.each(ours)("int4 weights are dequantised on %s", async (engine) => {
  const w = tensor(
    [
      [-8, 7, 3],
      [0, -1, 1],
    ],
    undefined,
    "int4",
  );
  const { out0 } = await runOne(engine, {
    op: "DequantizeLinear",
    opset: 21,
    inputs: [w, tensor([0.5, 2]), tensor([1, 0], undefined, "int4")],
    attributes: { axis: 0 },
  });
  expect(Array.from((out0 as Tensor).data as Float32Array)).toEqual([-4.5, 3, 1, 0, -2, 2]);
});

test("numbers out of a type's range wrap or saturate as the type does", () => {
  expect(elements(tensor([9, -9, 17], undefined, "int4"))).toEqual([-7, 7, 1]);
  expect(elements(tensor([300, -1], undefined, "uint8"))).toEqual([44, 255]);
  expect(elements(tensor([1e6], undefined, "float8e4m3fn").to("float32"))).toEqual([448]);
  expect(elements(tensor([2, 0], undefined, "bool"))).toEqual([1, 0]);
  expect(() => tensor([1], undefined, "complex64")).toThrow(/cannot be given as complex64/);
});

const floats: ValueType = { kind: "tensor", dtype: "float32", shape: ["n"] };
const parts = [tensor([1, 2]), tensor([3]), tensor([])];

describe.each(ours)("sequences and optionals on %s", (engine) => {
  const compile = (node: OneNode) => compileGraph(oneNode(node), { engine, optimize: "none" });

  test("a sequence is fed, changed and read", async () => {
    using session = await compile({
      op: "SequenceInsert",
      inputs: [
        { kind: "sequence", element: floats },
        { kind: "tensor", dtype: "float32", shape: [1] },
        { kind: "tensor", dtype: "int64", shape: [] },
      ],
    });
    const { out0 } = await session.run<{ out0: SequenceValue }>({
      in0: sequence(parts),
      in1: tensor([9]),
      in2: tensor(1n),
    });
    expect(out0.items.map((item) => Array.from((item as Tensor).data as Float32Array))).toEqual([[1, 2], [9], [3], []]);
  });

  test("an empty sequence has a type of its own", async () => {
    using session = await compile({ op: "SequenceLength", inputs: [{ kind: "sequence", element: floats }] });
    const { out0 } = await session.run({ in0: sequence([], "float32") });
    expect(elements(out0!)).toEqual([0n]);
  });

  test("a tensor is split into a sequence", async () => {
    using session = await compile({
      op: "SplitToSequence",
      inputs: [{ kind: "tensor", dtype: "string", shape: ["n"] }],
    });
    const { out0 } = await session.run<{ out0: SequenceValue }>({ in0: tensor(["a", "b"]) });
    expect(out0.items.map((item) => (item as Tensor).data)).toEqual([["a"], ["b"]]);
  });

  test("an optional is fed empty, left out, filled and bare", async () => {
    const type: ValueType = { kind: "optional", element: floats };
    using session = await compile({ op: "OptionalHasElement", inputs: [type] });
    const has = async (feeds: Record<string, RuntimeValue>) => elements((await session.run(feeds)).out0!)[0];
    expect(await has({ in0: optional() })).toBe(0);
    expect(await has({})).toBe(0);
    expect(await has({ in0: optional(tensor([1])) })).toBe(1);
    expect(await has({ in0: tensor([1]) })).toBe(1);
  });

  test("an optional sequence gives its sequence back", async () => {
    const type: ValueType = { kind: "optional", element: { kind: "sequence", element: floats } };
    using session = await compile({ op: "OptionalGetElement", inputs: [type] });
    const { out0 } = await session.run<{ out0: SequenceValue }>({ in0: optional(sequence(parts)) });
    expect(out0.items).toHaveLength(3);
  });

  test("wrong ones are refused by name", async () => {
    const type: ValueType = { kind: "sequence", element: floats };
    using session = await compile({ op: "SequenceLength", inputs: [type] });
    const refused = (value: RuntimeValue) => expect(session.run({ in0: value })).rejects;
    await refused(tensor([1])).toThrow(/input "in0" .* is float32\[1\], expected seq\(float32\[n\]\)/);
    await refused(sequence([tensor([1]), tensor([[1]])])).toThrow(
      /input "in0"\[1\] .* is float32\[1,1\], expected float32/,
    );
    await refused(sequence([tensor([1n])])).toThrow(/"in0"\[0\] .* is int64\[1\]/);
    expect(() => sequence([tensor([1]), tensor([1n])])).toThrow(/item 1 of the sequence is int64, expected float32/);
  });
});
