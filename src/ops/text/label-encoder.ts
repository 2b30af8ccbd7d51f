import type { DType } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { type Attributes, operator } from "../operator.ts";

const attributes = {
  classes_strings: { type: "strings", until: 1 },
  keys_tensor: { type: "tensor", since: 4 },
  keys_strings: { type: "strings", since: 2 },
  keys_int64s: { type: "ints", since: 2 },
  keys_floats: { type: "floats", since: 2 },
  values_tensor: { type: "tensor", since: 4 },
  values_strings: { type: "strings", since: 2 },
  values_int64s: { type: "ints", since: 2 },
  values_floats: { type: "floats", since: 2 },
  default_tensor: { type: "tensor", since: 4, doc: "One element: the value of a key that is not there." },
  default_string: { type: "string", default: "_Unused" },
  default_int64: { type: "int", default: -1 },
  default_float: { type: "float", default: -0, since: 2 },
} as const;

type Element = string | number | bigint;
interface Mapping {
  readonly pairs: readonly (readonly [Element, Element])[];
  readonly dtype: DType;
  readonly missing: Element;
}
type Context = {
  readonly version: number;
  readonly attrs: Attributes<typeof attributes>;
  fail(code: "ATTRIBUTE", message: string): never;
};

function mappingOf(c: Context, from: DType): Mapping {
  const a = c.attrs;
  if (c.version < 2) {
    const names = a.classes_strings ?? [];
    const toNumber = from === "string";
    return {
      pairs: names.map((name, i) => (toNumber ? [name, BigInt(i)] : [BigInt(i), name])),
      dtype: toNumber ? "int64" : "string",
      missing: toNumber ? BigInt(a.default_int64) : a.default_string,
    };
  }
  const bigints = (list: readonly number[] | undefined) => list?.map(BigInt);
  const elements = (t: Tensor | undefined) => t && Array.from(t.data as ArrayLike<Element>);
  const keys: readonly Element[] | undefined =
    elements(a.keys_tensor) ?? a.keys_strings ?? bigints(a.keys_int64s) ?? a.keys_floats;
  const values: readonly Element[] | undefined =
    elements(a.values_tensor) ?? a.values_strings ?? bigints(a.values_int64s) ?? a.values_floats;
  if (!keys || !values || keys.length !== values.length)
    c.fail("ATTRIBUTE", `has ${keys?.length ?? "no"} keys and ${values?.length ?? "no"} values, expected as many`);
  const dtype = a.values_tensor?.dtype ?? (a.values_strings ? "string" : a.values_int64s ? "int64" : "float32");
  const whole = dtype === "int64" ? BigInt(a.default_int64) : dtype === "string" ? a.default_string : undefined;
  const missing =
    elements(a.default_tensor)?.[0] ?? whole ?? (dtype.startsWith("float") ? a.default_float : a.default_int64);
  return { pairs: keys.map((key, i) => [key, values[i]!]), dtype, missing };
}

export const labelEncoder = operator({
  name: "LabelEncoder",
  domain: "ai.onnx.ml",
  since: [1, 2, 4],
  doc: "Maps each element by a table of keys and values; an element that is no key becomes the default. NaN is a key like others.",
  inputs: [{ name: "X", type: "T1" }],
  outputs: [{ name: "Y", type: "T2" }],
  attributes,
  infer: (c) => c.output(0, tensorType(mappingOf(c, c.dtype(0)).dtype, c.shape(0))),
  reference(c) {
    const x = c.tensor(0);
    const { pairs, dtype, missing } = mappingOf(c, x.dtype);
    // Keys of float tensors are rounded as the elements are; a Map holds NaN equal to NaN.
    const key = (value: Element): Element =>
      x.dtype === "float32" && typeof value === "number" ? Math.fround(value) : value;
    const table = new Map(pairs.map(([from, to]) => [key(from), to]));
    const mapped = Array.from(x.data as ArrayLike<Element>, (value) => table.get(key(value)) ?? missing);
    const out = Tensor.zeros(dtype, x.shape);
    mapped.forEach((value, i) => {
      (out.data as Element[])[i] = value;
    });
    return [out];
  },
});
