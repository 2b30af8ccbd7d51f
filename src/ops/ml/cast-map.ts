import type { DType } from "../../base/dtypes.ts";
import type { MapElement } from "../../base/map-value.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { cast } from "../common/cast.ts";
import { mapAt, mapTypeAt, scalarAt } from "../common/maps.ts";
import { roundHalfEven } from "../common/numbers.ts";
import { operator } from "../operator.ts";

type Failing = { fail(code: "ATTRIBUTE" | "DTYPE", message: string): never };

const targets: Readonly<Record<string, DType>> = { TO_FLOAT: "float32", TO_INT64: "int64", TO_STRING: "string" };

/** Among strings, in the place of a key that a SPARSE map has not. The standard does not say; this is ONNX Runtime's. */
const noText = "0.f";

interface CastMapAttributes {
  readonly cast_to: string;
  readonly map_form: string;
  readonly max_map: number;
}

function formOf(c: Failing, { cast_to, map_form, max_map }: CastMapAttributes) {
  const dtype =
    (Object.hasOwn(targets, cast_to) ? targets[cast_to] : undefined) ??
    c.fail("ATTRIBUTE", `cast_to is ${JSON.stringify(cast_to)}, expected ${Object.keys(targets).join(", ")}`);
  if (map_form !== "DENSE" && map_form !== "SPARSE")
    c.fail("ATTRIBUTE", `map_form is ${JSON.stringify(map_form)}, expected DENSE or SPARSE`);
  if (map_form === "SPARSE" && !(max_map > 0 && max_map < 2 ** 31))
    c.fail("ATTRIBUTE", `max_map is ${max_map}, expected at least 1 and less than 2^31 where map_form is SPARSE`);
  return { dtype, width: map_form === "SPARSE" ? max_map : undefined };
}

function checkType(c: Failing, key: string, dtype: DType): void {
  if (key !== "int64" || (dtype !== "float32" && dtype !== "string"))
    c.fail("DTYPE", `X is a map from ${key} to ${dtype}, expected one from int64 to float32 or string`);
}

/** With six decimals, as C prints: the standard does not say how, ONNX Runtime does it so. */
function textOf(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return `${sign}inf`;
  if (size >= 2 ** 32) return `${sign}${BigInt(size)}.000000`; // no float32 of this size has decimals
  const millionths = String(roundHalfEven(size * 1e6)).padStart(7, "0"); // the product of 24 and 20 bits is exact
  return `${sign}${millionths.slice(0, -6)}.${millionths.slice(-6)}`;
}

export const castMap = operator({
  name: "CastMap",
  domain: "ai.onnx.ml",
  since: [1],
  doc: "The elements of a map from integers, by ascending key, as floats, integers or strings: as many as there are (DENSE), or each at the place that its key says (SPARSE), 0 (among strings 0.f) between them.",
  inputs: [{ name: "X", type: "M", doc: "A map from int64 to float32 or string." }],
  outputs: [{ name: "Y", type: "T2", doc: "[1,elements] (DENSE), [1,max_map] (SPARSE)." }],
  attributes: {
    cast_to: { type: "string", default: "TO_FLOAT", doc: "TO_FLOAT, TO_INT64 or TO_STRING." },
    map_form: { type: "string", default: "DENSE", doc: "DENSE or SPARSE." },
    max_map: { type: "int", default: 1, doc: "SPARSE: the number of columns; every key must be below it." },
  },
  types: { T2: ["float32", "int64", "string"] },
  dataDependent: () => true,
  infer(c) {
    const { dtype, width } = formOf(c, c.attrs);
    const type = mapTypeAt(c, 0);
    if (type) checkType(c, type.key, type.value.dtype);
    c.output(0, tensorType(dtype, [1, width ?? c.freshDim()]));
  },
  reference(c) {
    const { dtype, width } = formOf(c, c.attrs);
    const map = mapAt(c, 0);
    checkType(c, map.keyType, map.dtype);
    const keys = ([...map.keys()] as bigint[]).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const wrong = width === undefined ? undefined : keys.find((key) => key < 0n || key >= BigInt(width));
    if (wrong !== undefined)
      c.fail("VALUE", `X has key ${wrong}, expected keys from 0 to ${width! - 1} where max_map is ${width}`);
    const elements = keys.map((key) => scalarAt(c, map, key)!);
    const from = new Tensor(
      map.dtype,
      [keys.length],
      map.dtype === "string" ? (elements as string[]) : Float32Array.from(elements as number[]),
    );
    const isText = dtype === "string" && map.dtype !== "string";
    const cells: ArrayLike<MapElement> = isText ? (elements as number[]).map(textOf) : cast(c, from, dtype).data;
    const out = Tensor.zeros(dtype, [1, width ?? keys.length]);
    const into = out.data as MapElement[];
    if (width !== undefined && dtype === "string") into.fill(noText);
    for (const [i, key] of keys.entries()) into[width === undefined ? i : Number(key)] = cells[i]!;
    return [out];
  },
});
