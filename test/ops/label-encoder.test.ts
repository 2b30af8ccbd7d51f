/** LabelEncoder with every pair of key and value types, as lists and as tensors, against ONNX Runtime. */
import { Tensor, tensor } from "../../src/api/index.ts";
import type { AttributeValue } from "../../src/ops/operator.ts";
import { describeAgainstOrt } from "./against-ort.ts";
import { f32, i64, type OneNode } from "./one-node.ts";

interface Kind {
  readonly name: string;
  /** The attributes' ending. */
  readonly list: string;
  readonly keys: readonly (string | number)[];
  /** Two keys, and an element that is none. */
  readonly x: Tensor;
  readonly values: readonly (string | number)[];
  readonly missing: readonly [string, string | number];
}

const kinds: readonly Kind[] = [
  {
    name: "strings",
    list: "strings",
    keys: ["ash", "beech", ""],
    x: tensor([["", "oak", "ash"]]),
    values: ["a", "", "ü"],
    missing: ["default_string", "none"],
  },
  {
    name: "integers",
    list: "int64s",
    keys: [-5, 0, 2 ** 40],
    x: i64([3], [2 ** 40, 7, -5]),
    values: [3, -(2 ** 40), 0],
    missing: ["default_int64", -9],
  },
  {
    name: "floats",
    list: "floats",
    keys: [0.1, Number.NaN, -2],
    x: f32([3, 1], [Number.NaN, 0.25, Math.fround(0.1)]),
    values: [0.1, -3, 1e30],
    missing: ["default_float", 0.7],
  },
];

const tensors: Readonly<Record<string, (values: readonly (string | number)[]) => Tensor>> = {
  strings: (values) => new Tensor("string", [values.length], values as string[]),
  int64s: (values) => i64([values.length], values as number[]),
  floats: (values) => f32([values.length], values as number[]),
};

const lists: Record<string, OneNode> = {};
const asTensors: Record<string, OneNode> = {};
for (const from of kinds)
  for (const to of kinds) {
    const node = (opset: number, attributes: Record<string, AttributeValue>): OneNode => ({
      op: "LabelEncoder",
      domain: "ai.onnx.ml",
      opset,
      inputs: [from.x],
      attributes,
    });
    const byList = (keys: Kind["keys"]) =>
      ({
        [`keys_${from.list}`]: keys,
        [`values_${to.list}`]: to.values,
        [to.missing[0]]: to.missing[1],
      }) as Record<string, AttributeValue>;
    // Version 2 says that NaN is a key as well ("bit-wise comparison is used"); ONNX Runtime does so from version 4 on.
    const ordered = from.keys.map((key) => (Number.isNaN(key) ? 0.5 : key));
    const title = `${from.name} to ${to.name}`;
    lists[`${title}, version 2`] = node(2, byList(ordered));
    lists[`${title}, version 4`] = node(4, byList(from.keys));
    asTensors[title] = node(4, {
      keys_tensor: tensors[from.list]!(from.keys),
      values_tensor: tensors[to.list]!(to.values),
      default_tensor: tensors[to.list]!([to.missing[1]]),
    });
  }

describeAgainstOrt({ "LabelEncoder of lists": lists, "LabelEncoder of tensors": asTensors });
