/** Conversion between dtypes as ONNX Cast defines it. */
import { allocate, type DType, dtypes, isFloat } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { ReferenceContext } from "../operator.ts";
import { type EncodeOptions, fromNumbers, isBig, roundTo, toNumbers } from "./numbers.ts";

/**
 * The shortest decimal text that reads back as the same number of this float type: `0.1`, `1.0`, `1e-05`, `NaN`, `-INF`.
 * Plain from 1e-4 to below 1e16, scientific beyond, as numpy prints.
 */
export function formatFloat(dtype: DType, value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "INF" : "-INF";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  let shortest = String(value);
  if (dtype !== "float64")
    for (let digits = 1; digits <= 17; digits++) {
      const text = value.toPrecision(digits);
      if (roundTo(dtype, Number(text)) === value) {
        shortest = text;
        break;
      }
    }
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) {
    const plain = Number(shortest).toString();
    return /[.e]/.test(plain) ? plain : `${plain}.0`;
  }
  const [mantissa, exponent] = Number(shortest).toExponential().split("e") as [string, string];
  const power = exponent.slice(1).padStart(2, "0");
  return `${mantissa}e${exponent[0]}${power}`;
}

function parseNumber(c: Pick<ReferenceContext, "fail">, text: string, to: DType): number {
  const trimmed = text.trim();
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(trimmed);
  if (special) {
    if (special[2]!.toLowerCase() === "nan") return Number.NaN;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const value = trimmed === "" ? Number.NaN : Number(trimmed);
  if (Number.isNaN(value)) c.fail("VALUE", `element ${JSON.stringify(text)} is not a number, expected one for ${to}`);
  return value;
}

function fromStrings(
  c: Pick<ReferenceContext, "fail">,
  x: Tensor<"string">,
  to: DType,
  options: EncodeOptions,
): Tensor {
  if (isBig(to)) {
    const out = allocate(to, x.size);
    x.data.forEach((text, i) => {
      out[i] = /^\s*[+-]?\d+\s*$/.test(text)
        ? BigInt(text.trim().replace(/^\+/, ""))
        : BigInt(Math.trunc(parseNumber(c, text, to)));
    });
    return new Tensor(to, x.shape, out);
  }
  const values = Float64Array.from(x.data, (text) => parseNumber(c, text, to));
  return new Tensor(to, x.shape, fromNumbers(to, values, options));
}

function toStrings(x: Tensor): string[] {
  if (isBig(x.dtype)) return Array.from(x.data as BigInt64Array, String);
  const values = toNumbers(x);
  return Array.from(values, (v) => (isFloat(x.dtype) ? formatFloat(x.dtype, v) : String(v)));
}

/**
 * x with elements of type `to`: floats round to nearest even (8-bit floats saturate unless told not to), numbers become
 * integers by truncation, integers wrap, bool is "not 0", strings are decimal texts.
 */
export function cast(c: Pick<ReferenceContext, "fail">, x: Tensor, to: DType, options: EncodeOptions = {}): Tensor {
  if (x.dtype === to) return x;
  if (dtypes[x.dtype].kind === "complex" || dtypes[to].kind === "complex")
    c.fail("DTYPE", `cannot cast ${x.dtype} to ${to}, expected real types`);
  if (to === "string") return new Tensor("string", x.shape, toStrings(x));
  if (x.dtype === "string") return fromStrings(c, x as Tensor<"string">, to, options);
  if (isBig(x.dtype) && dtypes[to].kind !== "float" && to !== "bool") {
    const from = x.data as BigInt64Array;
    const out = allocate<DType>(to, x.size);
    const { bits, kind } = dtypes[to];
    // Low bits are kept, read as the new type.
    for (let i = 0; i < from.length; i++) {
      const low = kind === "uint" ? BigInt.asUintN(bits, from[i]!) : BigInt.asIntN(bits, from[i]!);
      out[i] = isBig(to) ? low : Number(low);
    }
    return new Tensor<DType>(to, x.shape, out);
  }
  return new Tensor(to, x.shape, fromNumbers(to, toNumbers(x), options));
}
