/**
 * Maps: their types in every file format, their operators, and what a user meets them in, a classifier as skl2onnx writes it.
 * Expected values are derived from the operators' definitions by hand; those that say so are ONNX Runtime 1.30's, through its
 * Python API on the files that these tests write (its JavaScript API carries no maps).
 */
import { describe, expect, test } from "vitest";
import { MapValue, Model, type RuntimeValue, type SequenceValue, Tensor, tensor } from "../../src/api/index.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { formatValueType, holdsMaps, mapType, tensorType, type ValueType } from "../../src/base/value-type.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import { writeOnnx } from "../../src/compiler/onnx/write.ts";
import { compareValues } from "../../src/compiler/tools/compare.ts";
import { requireOperator } from "../../src/ops/lookup.ts";
import type { AttributeValue } from "../../src/ops/operator.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { engines } from "../../src/runtime/engines.ts";
import type { Feeds } from "../../src/runtime/feeds.ts";
import { f32, type OneNode, oneNode, run } from "./one-node.ts";

const all = engines.filter(({ available }) => available().ok).map(({ name }) => name);
const ml = "ai.onnx.ml";
type Maps = SequenceValue<MapValue>;
const entries = (value: RuntimeValue | undefined): unknown[] =>
  (value as Maps).items.map((map) => [...map].map(([key, element]) => [key, element]));

const domains = { "ml.": ml, "ms.": "com.microsoft" };

/** `op(inputs) → outputs` with attributes; the domain is before the dot. */
function build(
  inputs: Readonly<Record<string, ValueType>>,
  nodes: readonly (readonly [
    string,
    readonly string[],
    readonly string[],
    Readonly<Record<string, AttributeValue>>?,
  ])[],
  outputs: readonly string[],
): Graph {
  const graph = new Graph("made");
  graph.opsets.set("", 21);
  for (const domain of Object.values(domains)) graph.opsets.set(domain, 1);
  const values = new Map(Object.entries(inputs).map(([name, type]) => [name, new Value(name, type)]));
  graph.inputs.push(...values.values());
  for (const [op, from, to, attributes = {}] of nodes) {
    const [prefix, domain] = Object.entries(domains).find(([key]) => op.startsWith(key)) ?? ["", ""];
    const operator = requireOperator(domain, op.replace(prefix, ""));
    const made = to.map((name) => new Value(name));
    for (const value of made) values.set(value.name, value);
    graph.insert(
      new Node(to[0]!, operator, domain ? 1 : 21, Object.entries(attributes)),
      from.map((name) => values.get(name)),
      made,
    );
  }
  graph.outputs.push(...outputs.map((name) => values.get(name)!));
  inferShapes(graph);
  return graph;
}

const error = (run: () => unknown): InferlabError => {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof InferlabError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
};

describe("a map", () => {
  test("is a Map whose int64 keys may be given as whole numbers", () => {
    const map = new MapValue<number>("int64", "float32", [
      [1, 0.5],
      [-7n, 2],
    ]);
    expect([...map]).toEqual([
      [1n, 0.5],
      [-7n, 2],
    ]);
    expect([map.get(1), map.get(1n), map.has(-7), map.get(0.5), map.delete(1), map.size]).toEqual([
      0.5,
      0.5,
      true,
      undefined,
      true,
      1,
    ]);
    expect(map).toBeInstanceOf(Map);
    expect(() => map.set("1", 2)).toThrow(/key is "1", expected a bigint or a whole number/);
    expect(() => map.set(0.5, 2)).toThrow(/key is 0.5, expected/);
    expect(() => new MapValue("string", "float32", [[1, 2]])).toThrow(/key is 1, expected a string/);
  });

  test("compares by its entries", () => {
    const map = (...list: [string, number][]) => new MapValue("string", "float32", list);
    const a = map(["x", 1], ["y", 2]);
    expect(compareValues(a, map(["y", 2], ["x", 1])).bitEqual).toBe(true);
    expect(compareValues(a, map(["y", 2], ["x", 1.5])).maxAbs).toBe(0.5);
    expect(compareValues(a, map(["y", 2], ["z", 1])).bitEqual).toBe(false);
    expect(compareValues(a, map(["y", 2])).bitEqual).toBe(false);
    expect(compareValues(a, new MapValue("string", "float64", a)).bitEqual).toBe(false);
  });
});

const parseType = (text: string): ValueType => parseGraph(`input x: ${text}\noutput x`).inputs[0]!.type!;

describe("types with maps", () => {
  const texts = [
    "map(string,float32[])",
    "map(int64,string[…])",
    "seq(map(int64,float32[]))",
    "optional(map(string,int64[]))",
    "map(string,float32[2,n])",
  ];
  test.each(texts)("%s is read, printed and kept by files", async (text) => {
    const type = parseType(text);
    expect(formatValueType(type)).toBe(text);
    expect(holdsMaps(type)).toBe(true);
    const graph = build({ x: type }, [["Identity", ["x"], ["y"]]], ["y"]);
    for (const format of ["onnx", "nnl"] as const) {
      const { inputs, outputs } = await Model.load(new Model(graph).toBytes({ format }));
      expect([...inputs, ...outputs].map((port) => port.type && formatValueType(port.type))).toEqual([text, text]);
    }
  });

  test("of other keys are refused in a text", () => {
    expect(() => parseType("map(float32,float32[])")).toThrow(/keys are float32, expected int64 or string/);
  });
});

const made = (node: OneNode): RuntimeValue => run(node)[0] as RuntimeValue;
const zip = (x: Tensor, attributes: OneNode["attributes"]): OneNode => ({
  op: "ZipMap",
  domain: ml,
  inputs: [x],
  attributes,
});

describe("ZipMap", () => {
  test("makes a map of each row", () => {
    expect(entries(made(zip(f32([2, 2], [0.25, 0.75, 1, 0]), { classlabels_strings: ["no", "yes"] })))).toEqual([
      [
        ["no", 0.25],
        ["yes", 0.75],
      ],
      [
        ["no", 1],
        ["yes", 0],
      ],
    ]);
    expect(entries(made(zip(f32([1, 3], [1, 2, 3]), { classlabels_int64s: [10, -1, 0] })))).toEqual([
      [
        [10n, 1],
        [-1n, 2],
        [0n, 3],
      ],
    ]);
  });

  test("makes one map of a vector, none of no rows, and takes the last of equal labels", () => {
    expect(entries(made(zip(f32([2], [3, 4]), { classlabels_int64s: [0, 1] })))).toEqual([
      [
        [0n, 3],
        [1n, 4],
      ],
    ]);
    expect(entries(made(zip(f32([0, 2], []), { classlabels_int64s: [0, 1] })))).toEqual([]);
    expect(entries(made(zip(f32([1, 3], [1, 2, 3]), { classlabels_strings: ["a", "b", "a"] })))).toEqual([
      [
        ["a", 3],
        ["b", 2],
      ],
    ]);
  });

  const x = f32([2, 2], [1, 2, 3, 4]);
  test.each([
    ["both attributes", x, { classlabels_int64s: [1, 2], classlabels_strings: ["a", "b"] }, "ATTRIBUTE", /both/],
    ["no labels", x, {}, "ATTRIBUTE", /has neither classlabels_int64s nor classlabels_strings, expected one/],
    ["empty labels", x, { classlabels_strings: [] }, "ATTRIBUTE", /neither/],
    ["a label too few", x, { classlabels_int64s: [1] }, "SHAPE", /X is \[2,2\] for 1 labels/],
    ["labels too many", f32([1], [1]), { classlabels_strings: ["a", "b"] }, "SHAPE", /X is \[1\] for 2 labels/],
    ["three axes", f32([1, 1, 2], [1, 2]), { classlabels_int64s: [1, 2] }, "SHAPE", /expected \[N,labels\]/],
    ["a scalar", f32([], [1]), { classlabels_int64s: [1] }, "SHAPE", /X is \[\]/],
    ["integers", tensor([[1n, 2n]]), { classlabels_int64s: [1, 2] }, "DTYPE", /X is int64, expected float32/],
  ] as const)("refuses %s, before a run and in one", (_, input, attributes, code, message) => {
    const node = zip(input, attributes);
    for (const thrown of [error(() => run(node)), error(() => inferShapes(oneNode(node)))]) {
      expect(thrown.code).toBe(code);
      expect(thrown.message).toMatch(/^ZipMap "it"/);
      expect(thrown.message).toMatch(message);
    }
  });
});

type Entries = readonly (readonly [number | string, number | string])[];
const vocabulary = { string_vocabulary: ["a", "c", "b", "z"] };
const numbers = { int64_vocabulary: [5, -2, 9] };

/** The operator on a map that is fed as a plain Map, on every engine. */
async function ofMap(op: string, type: ValueType, attributes: OneNode["attributes"], map: Entries) {
  const graph = build({ x: type }, [[`ml.${op}`, ["x"], ["y"], attributes]], ["y"]);
  const results: Tensor[] = [];
  for (const engine of all) {
    using session = await compileGraph(graph, { engine });
    results.push((await session.run({ x: new Map(map) })).y!);
  }
  for (const other of results) expect(other).toEqual(results[0]);
  return results[0]!;
}

const shown = ({ dtype, shape, data }: Tensor) => [`${dtype}[${shape}]`, Array.from(data as ArrayLike<unknown>)];

describe("DictVectorizer", () => {
  test.each<[string, ValueType, OneNode["attributes"], Entries, unknown[]]>([
    // The example of the operator's definition.
    [
      "int64 by string",
      mapType("string", "int64"),
      vocabulary,
      [
        ["a", 4],
        ["c", 8],
      ],
      ["int64[1,4]", [4n, 8n, 0n, 0n]],
    ],
    [
      "float by string",
      mapType("string", "float32"),
      vocabulary,
      [
        ["z", 0.5],
        ["q", 8],
      ],
      ["float32[1,4]", [0, 0, 0, 0.5]],
    ],
    [
      "double by string, a word twice in the vocabulary",
      mapType("string", "float64"),
      { string_vocabulary: ["a", "b", "a"] },
      [["a", 0.1]],
      ["float64[1,3]", [0.1, 0, 0.1]],
    ],
    [
      "float by integer",
      mapType("int64", "float32"),
      numbers,
      [
        [9, 1.5],
        [-2, 2],
      ],
      ["float32[1,3]", [0, 2, 1.5]],
    ],
    ["double by integer, none", mapType("int64", "float64"), numbers, [], ["float64[1,3]", [0, 0, 0]]],
    ["string by integer", mapType("int64", "string"), numbers, [[5, "five"]], ["string[1,3]", ["five", "", ""]]],
  ])("%s", async (_, type, attributes, map, expected) => {
    expect(shown(await ofMap("DictVectorizer", type, attributes, map))).toEqual(expected);
  });

  test.each([
    ["other keys", mapType("int64", "float32"), vocabulary, "DTYPE", /X has int64 keys, the vocabulary string/],
    ["elements it has not", mapType("string", "string"), vocabulary, "DTYPE", /expected to int64, float32, float64/],
    ["a tensor", tensorType("float32", [2]), vocabulary, "DTYPE", /input 0 is a tensor, expected a map/],
    ["two vocabularies", mapType("string", "float32"), { ...vocabulary, ...numbers }, "ATTRIBUTE", /both/],
    ["no vocabulary", mapType("string", "float32"), {}, "ATTRIBUTE", /neither/],
  ] as const)("refuses %s", (_, type, attributes, code, message) => {
    const thrown = error(() => build({ x: type }, [["ml.DictVectorizer", ["x"], ["y"], attributes]], ["y"]));
    expect([thrown.code, thrown.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

describe("CastMap", () => {
  const floats = mapType("int64", "float32");
  const texts = mapType("int64", "string");
  const three: Entries = [
    [7, 1.75],
    [0, -2.5],
    [3, 0.0078125],
  ];
  const sparse = { map_form: "SPARSE", max_map: 9 };
  test.each<[string, ValueType, OneNode["attributes"], Entries, unknown[]]>([
    ["by ascending key", floats, {}, three, ["float32[1,3]", [-2.5, 0.0078125, 1.75]]],
    ["to integers, cut", floats, { cast_to: "TO_INT64" }, three, ["int64[1,3]", [-2n, 0n, 1n]]],
    ["to places", floats, sparse, three, ["float32[1,9]", [-2.5, 0, 0, 0.0078125, 0, 0, 0, 1.75, 0]]],
    [
      "strings to floats",
      texts,
      { max_map: 1 },
      [
        [2, "12"],
        [1, "-3.5"],
      ],
      ["float32[1,2]", [-3.5, 12]],
    ],
    [
      "strings to integers at places",
      texts,
      { ...sparse, max_map: 3, cast_to: "TO_INT64" },
      [[2, "12"]],
      ["int64[1,3]", [0n, 0n, 12n]],
    ],
    [
      "strings as they are",
      texts,
      { cast_to: "TO_STRING" },
      [
        [2, "b"],
        [-1, "a"],
      ],
      ["string[1,2]", ["a", "b"]],
    ],
    ["no elements", floats, {}, [], ["float32[1,0]", []]],
    // ONNX Runtime's.
    [
      "floats to strings",
      floats,
      { cast_to: "TO_STRING" },
      [1e-7, -1e-7, 0.1, 3e38, 123456.789, 5e9, 0.0234375, 0.0390625, Infinity, NaN, -Infinity].map((v, i) => [i, v]),
      [
        "string[1,11]",
        [
          ...["0.000000", "-0.000000", "0.100000", "300000000549775575777803994281145270272.000000", "123456.789062"],
          ...["5000000000.000000", "0.023438", "0.039062", "inf", "nan", "-inf"],
        ],
      ],
    ],
    // ONNX Runtime's.
    [
      "floats to strings at places",
      floats,
      { map_form: "SPARSE", max_map: 4, cast_to: "TO_STRING" },
      [
        [3, 0.0078125],
        [0, -2.5],
      ],
      ["string[1,4]", ["-2.500000", "0.f", "0.f", "0.007812"]],
    ],
  ])("%s", async (_, type, attributes, map, expected) => {
    expect(shown(await ofMap("CastMap", type, attributes, map))).toEqual(expected);
  });

  test.each([
    ["a target", floats, { cast_to: "TO_DOUBLE" }, "ATTRIBUTE", /"TO_DOUBLE", expected TO_FLOAT, TO_INT64, TO_STRING/],
    ["a form", floats, { map_form: "dense" }, "ATTRIBUTE", /"dense", expected DENSE or SPARSE/],
    ["no places", floats, { map_form: "SPARSE", max_map: 0 }, "ATTRIBUTE", /max_map is 0/],
    ["string keys", mapType("string", "float32"), {}, "DTYPE", /from string to float32, expected one from int64/],
    ["integers", mapType("int64", "int64"), {}, "DTYPE", /from int64 to int64/],
    ["a sequence", { kind: "sequence", element: floats }, {}, "DTYPE", /input 0 is a sequence, expected a map/],
  ] as const)("refuses %s", (_, type, attributes, code, message) => {
    const thrown = error(() => build({ x: type }, [["ml.CastMap", ["x"], ["y"], attributes]], ["y"]));
    expect([thrown.code, thrown.message]).toEqual([code, expect.stringMatching(message)]);
  });

  test.each<[string, ValueType, OneNode["attributes"], Entries, RegExp]>([
    ["a key beyond the places", floats, sparse, [[9, 1]], /X has key 9, expected keys from 0 to 8/],
    [
      "a negative key",
      floats,
      sparse,
      [
        [1, 1],
        [-1, 1],
      ],
      /X has key -1/,
    ],
    ["a text that is no number", texts, {}, [[1, "seven"]], /"seven" is not a number/],
  ])("refuses %s in a run", async (_, type, attributes, map, message) => {
    await expect(ofMap("CastMap", type, attributes, map)).rejects.toThrow(message);
  });
});

/** A classifier in the form that skl2onnx gives LogisticRegression: labels and a sequence of maps. */
const logistic = (
  labels: Readonly<Record<string, AttributeValue>>,
  keys: Readonly<Record<string, AttributeValue>>,
): Graph =>
  build(
    { X: tensorType("float32", ["n", 2]) },
    [
      [
        "ml.LinearClassifier",
        ["X"],
        ["label", "scores"],
        {
          coefficients: [1, 2, -1, 0.5, 0.25, -2],
          intercepts: [0.1, 0, -0.1],
          multi_class: 1,
          post_transform: "LOGISTIC",
          ...labels,
        },
      ],
      ["ml.Normalizer", ["scores"], ["probabilities"], { norm: "L1" }],
      ["Identity", ["label"], ["output_label"]],
      ["ml.ZipMap", ["probabilities"], ["output_probability"], keys],
    ],
    ["output_label", "output_probability"],
  );

describe("a classifier of scikit-learn", () => {
  const x = tensor([
    [0.5, 1],
    [-1, 2],
    [3, -4],
  ]);
  // ONNX Runtime's.
  const truth = [
    [0.5995059609413147, 0.32201671600341797, 0.07847730070352554],
    [0.517118513584137, 0.47599533200263977, 0.0068861269392073154],
    [0.007290141191333532, 0.006601099390536547, 0.9861087799072266],
  ];

  test.each(all)("is opened from its file and run on %s", async (engine) => {
    const bytes = writeOnnx(logistic({ classlabels_ints: [0, 1, 2] }, { classlabels_int64s: [0, 1, 2] }));
    const model = await Model.load(bytes);
    expect(model.toString()).toContain("output_probability: seq(map(int64,float32[]))");
    using session = await model.compile({ engine });
    const { output_label, output_probability } = await session.run<{ output_label: Tensor; output_probability: Maps }>({
      X: x,
    });
    expect(Array.from(output_label.data as BigInt64Array)).toEqual([0n, 0n, 2n]);
    expect(output_probability.items).toHaveLength(3);
    for (const [row, map] of output_probability.items.entries()) {
      expect([...map.keys()]).toEqual([0n, 1n, 2n]);
      for (const [column, expected] of truth[row]!.entries()) expect(map.get(column)).toBeCloseTo(expected, 6);
    }
    const { trace, outputs } = await session.trace({ X: x }, { capture: "all" });
    expect(trace.events.at(-1)).toMatchObject({ op: "ZipMap", kernel: "reference" });
    expect(trace.tensors.has("probabilities")).toBe(true);
    expect(compareValues(outputs["output_probability"], output_probability).bitEqual).toBe(true);
    const line = session.explain().find(({ op }) => op === "ZipMap");
    expect(line?.kernel).toBe("reference");
  });

  test.each(all)("with trees and labels that are strings runs on %s", async (engine) => {
    // One tree: x ≤ 0.5 votes for "cold" with 1, else for "warm" with 0.75 and "cold" with 0.25.
    const graph = build(
      { X: tensorType("float32", ["n", 1]) },
      [
        [
          "ml.TreeEnsembleClassifier",
          ["X"],
          ["label", "probabilities"],
          {
            nodes_treeids: [0, 0, 0],
            nodes_nodeids: [0, 1, 2],
            nodes_featureids: [0, 0, 0],
            nodes_values: [0.5, 0, 0],
            nodes_modes: ["BRANCH_LEQ", "LEAF", "LEAF"],
            nodes_truenodeids: [1, 0, 0],
            nodes_falsenodeids: [2, 0, 0],
            class_treeids: [0, 0, 0, 0],
            class_nodeids: [1, 1, 2, 2],
            class_ids: [0, 1, 0, 1],
            class_weights: [1, 0, 0.25, 0.75],
            classlabels_strings: ["cold", "warm"],
          },
        ],
        ["ml.ZipMap", ["probabilities"], ["output_probability"], { classlabels_strings: ["cold", "warm"] }],
      ],
      ["label", "output_probability"],
    );
    using session = await (await Model.load(writeOnnx(graph))).compile({ engine });
    const { label, output_probability } = await session.run<{ label: Tensor; output_probability: Maps }>({
      X: tensor([[0], [1]]),
    });
    expect(label.data).toEqual(["cold", "warm"]);
    expect(output_probability.items.map((map) => Object.fromEntries(map as Map<string, number>))).toEqual([
      { cold: 1, warm: 0 },
      { cold: 0.25, warm: 0.75 },
    ]);
  });

  test.each(all)("of texts runs on %s", async (engine) => {
    const graph = build(
      { text: tensorType("string", ["n"]) },
      [
        // A locale that every machine has: ONNX Runtime refuses one that is not installed.
        ["StringNormalizer", ["text"], ["lower"], { case_change_action: "LOWER", locale: "C" }],
        ["ms.Tokenizer", ["lower"], ["words"], { mark: 0, mincharnum: 2, pad_value: "#", tokenexp: "[a-z]+" }],
        [
          "TfIdfVectorizer",
          ["words"],
          ["counts"],
          {
            mode: "TF",
            min_gram_length: 1,
            max_gram_length: 1,
            max_skip_count: 0,
            ngram_counts: [0],
            ngram_indexes: [0, 1, 2],
            pool_strings: ["good", "bad", "film"],
          },
        ],
        [
          "ml.LinearClassifier",
          ["counts"],
          ["label", "probabilities"],
          {
            coefficients: [-1, 1, 0, 1, -1, 0],
            intercepts: [0, 0],
            classlabels_strings: ["bad", "good"],
            post_transform: "SOFTMAX",
          },
        ],
        ["ml.ZipMap", ["probabilities"], ["maps"], { classlabels_strings: ["bad", "good"] }],
      ],
      ["counts", "label", "maps"],
    );
    using session = await (await Model.load(writeOnnx(graph))).compile({ engine });
    const { counts, label, maps } = await session.run<{ counts: Tensor; label: Tensor; maps: Maps }>({
      text: tensor(["A GOOD, good film", "Bad!"]),
    });
    expect(Array.from(counts.data as Float32Array)).toEqual([2, 0, 1, 0, 1, 0]);
    expect(label.data).toEqual(["good", "bad"]);
    // Scores ∓2 of the first text, ±1 of the second.
    expect(maps.items[0]!.get("good")).toBeCloseTo(1 / (1 + Math.exp(-4)), 6);
    expect(maps.items[1]!.get("good")).toBeCloseTo(1 / (1 + Math.exp(2)), 6);
  });

  test.each(all)("from a dictionary to maps runs on %s", async (engine) => {
    const graph = build(
      { basket: mapType("string", "float32") },
      [
        ["ml.DictVectorizer", ["basket"], ["row"], { string_vocabulary: ["apples", "pears", "plums"] }],
        ["ml.Scaler", ["row"], ["scaled"], { offset: [1, 0, 0], scale: [2, 1, 1] }],
        ["Softmax", ["scaled"], ["probabilities"]],
        ["ml.ZipMap", ["probabilities"], ["maps"], { classlabels_int64s: [1, 2, 3] }],
      ],
      ["scaled", "maps"],
    );
    using session = await compileGraph(graph, { engine });
    const { scaled, maps } = await session.run<{ scaled: Tensor; maps: Maps }>({ basket: new Map([["pears", 3]]) });
    expect(Array.from(scaled.data as Float32Array)).toEqual([-2, 3, 0]);
    const sum = Math.exp(-2) + Math.exp(3) + 1;
    for (const [key, value] of [
      [1, -2],
      [2, 3],
      [3, 0],
    ] as const)
      expect(maps.items[0]!.get(key)).toBeCloseTo(Math.exp(value) / sum, 6);
  });

  test("gives an empty sequence of maps for no rows", async () => {
    const model = new Model(
      logistic({ classlabels_strings: ["a", "b", "c"] }, { classlabels_strings: ["a", "b", "c"] }),
    );
    for (const engine of all) {
      using session = await model.compile({ engine });
      const { output_probability } = await session.run<{ output_probability: Maps }>({
        X: Tensor.zeros("float32", [0, 2]),
      });
      expect(output_probability, engine).toMatchObject({ kind: "sequence", items: [] });
    }
  });
});

describe("maps within graphs", () => {
  test("pass through sequences and optionals on our engines", async () => {
    const graph = build(
      { x: tensorType("float32", ["n", 2]), at: tensorType("int64", []) },
      [
        ["Neg", ["x"], ["negated"]],
        ["ml.ZipMap", ["negated"], ["maps"], { classlabels_int64s: [1, 0] }],
        ["SequenceAt", ["maps", "at"], ["map"]],
        ["Optional", ["map"], ["filled"]],
        ["OptionalGetElement", ["filled"], ["got"]],
        ["ml.CastMap", ["got"], ["row"]],
        ["Abs", ["row"], ["y"]],
      ],
      ["y"],
    );
    expect(formatValueType(graph.outputs[0]!.type!)).toMatch(/^float32\[1,\?\d+\]$/);
    const feeds = {
      x: tensor([
        [1, -2],
        [3, -4],
      ]),
      at: tensor(1n),
    };
    for (const engine of all.filter((name) => name !== "ort")) {
      using session = await compileGraph(graph, { engine });
      // The keys are 1 and 0, so the columns change places.
      expect(Array.from((await session.run(feeds)).y!.data as Float32Array), engine).toEqual([4, 3]);
    }
    if (!all.includes("ort")) return;
    const thrown = await compileGraph(graph, { engine: "ort" }).catch((caught: InferlabError) => caught);
    expect(thrown).toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/engine "ort" cannot carry here/),
      hint: expect.stringMatching(/not in their middle/),
    });
  });
});

describe("feeds of maps", () => {
  const session = async (type: ValueType) => compileGraph(build({ x: type }, [["Identity", ["x"], ["y"]]], ["y"]));
  const scores = mapType("string", "float32");

  test("are Maps, arrays of them, or values with their type", async () => {
    using one = await session(scores);
    const given = new MapValue("string", "float32", [["a", 1]]);
    for (const x of [given, new Map([["a", 1]])]) {
      const { y } = await one.run<{ y: MapValue }>({ x });
      expect([y.kind, y.keyType, y.dtype, ...y]).toEqual(["map", "string", "float32", ["a", 1]]);
    }
    using list = await session({ kind: "sequence", element: mapType("int64", "int64") });
    const { y } = await list.run<{ y: Maps }>({ x: [new Map([[1, 2]]), new Map([[3n, 4n]])] });
    expect(entries(y)).toEqual([[[1n, 2n]], [[3n, 4n]]]);
    using wide = await session({ kind: "map", key: "string", value: tensorType("float32", [2]) });
    const { y: held } = await wide.run<{ y: MapValue<Tensor> }>({ x: new Map([["a", tensor([1, 2])]]) });
    expect(Array.from(held.get("a")!.data as Float32Array)).toEqual([1, 2]);
    using maybe = await session({ kind: "optional", element: scores });
    expect(await maybe.run({})).toMatchObject({ y: { kind: "optional", value: null } });
    expect((await maybe.run({ x: new Map([["a", 1]]) })).y).toBeInstanceOf(Map);
  });

  test.each<[string, ValueType, Feeds[string], RegExp]>([
    ["a tensor", scores, tensor([1]), /input "x" .* is float32\[1\], expected map\(string,float32\[\]\)/],
    ["other keys", scores, new Map([[1, 2]]), /is a Map with other keys, expected map\(string,/],
    ["half a key", mapType("int64", "float32"), new Map([[0.5, 2]]), /is a Map with other keys/],
    ["another type", scores, new MapValue("string", "float64"), /is map\(string,float64\[\]\), expected/],
    ["a wrong element", scores, new Map([["a", "b"]]), /input "x"\["a"\] .* is "b", expected a scalar of float32/],
    ["a bigint", scores, new Map([["a", 1n]]), /input "x"\["a"\] .* is 1n, expected a scalar/],
    [
      "half an integer",
      mapType("int64", "int64"),
      new Map([[1, 0.5]]),
      /input "x"\[1\] .* is 0.5, expected a scalar of int64/,
    ],
    ["a tensor in it", scores, new Map([["a", tensor([1])]]), /"x"\["a"\] .* is float32\[1\], expected a scalar/],
    [
      "a tensor of another size",
      { kind: "map", key: "string", value: tensorType("float32", [2]) },
      new Map([["a", tensor([1])]]),
      /input "x"\["a"\] .* is float32\[1\], expected float32\[2\]/,
    ],
    [
      "one wrong in a sequence",
      { kind: "sequence", element: scores },
      [new Map([["a", 1]]), new Map([[2, 1]])],
      /input "x"\[1\] .* is a Map with other keys/,
    ],
  ])("refuses %s", async (_, type, x, message) => {
    using made = await session(type);
    await expect(made.run({ x })).rejects.toThrow(message);
  });
});
