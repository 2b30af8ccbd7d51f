/**
 * Elements as doubles and back, each dtype rounded by its own rules.
 *
 * Every finite value of every dtype but int64 and uint64 is a double, so an operator computes in doubles and rounds once,
 * at the end. Small floats are rounded to nearest even straight from the double. Beyond the largest finite value float16,
 * bfloat16 become infinite; the 8-bit floats saturate or become NaN/infinite as the caller asks (ONNX attribute
 * `saturate`, default: saturate); float4e2m1 always saturates.
 *
 * Sources: IEEE 754-2019 §3.4; OCP 8-bit Floating Point 1.0 (e4m3fn, e5m2); OCP Microscaling Formats 1.0 (e2m1, e8m0);
 * ONNX operator Cast, versions 19-25 (the fnuz types and the table of special values).
 */
import { allocate, type DType, type DTypeArrays, dtypes } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import { Tensor } from "./tensor.ts";

/** A binary float of at most 16 bits: sign, exponent, mantissa; value of code c is (-1)^s · 2^(e-bias) · 1.m */
interface FloatFormat {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** Code of the largest finite magnitude. */
  readonly maxCode: number;
  /** Codes (without sign) of infinity and NaN; absent: the format has none. */
  readonly infinityCode?: number;
  readonly nanCode?: number;
  /** The sign bit alone is NaN and there is one zero only (the "uz" of fnuz). */
  readonly unsignedZero?: true;
  /** What overflow and infinity become unless the caller says otherwise. */
  readonly saturates: boolean;
}

const formats: Partial<Record<DType, FloatFormat>> = {
  float16: {
    exponentBits: 5,
    mantissaBits: 10,
    bias: 15,
    maxCode: 0x7bff,
    infinityCode: 0x7c00,
    nanCode: 0x7e00,
    saturates: false,
  },
  bfloat16: {
    exponentBits: 8,
    mantissaBits: 7,
    bias: 127,
    maxCode: 0x7f7f,
    infinityCode: 0x7f80,
    nanCode: 0x7fc0,
    saturates: false,
  },
  float8e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, maxCode: 0x7e, nanCode: 0x7f, saturates: true },
  float8e4m3fnuz: {
    exponentBits: 4,
    mantissaBits: 3,
    bias: 8,
    maxCode: 0x7f,
    nanCode: 0x80,
    unsignedZero: true,
    saturates: true,
  },
  float8e5m2: {
    exponentBits: 5,
    mantissaBits: 2,
    bias: 15,
    maxCode: 0x7b,
    infinityCode: 0x7c,
    nanCode: 0x7e,
    saturates: true,
  },
  float8e5m2fnuz: {
    exponentBits: 5,
    mantissaBits: 2,
    bias: 16,
    maxCode: 0x7f,
    nanCode: 0x80,
    unsignedZero: true,
    saturates: true,
  },
  float4e2m1: { exponentBits: 2, mantissaBits: 1, bias: 1, maxCode: 0x7, saturates: true },
};

/** How float8e8m0, a bare power of two, is reached from a number between two powers. */
export type ScaleRounding = "up" | "down" | "nearest";

export interface EncodeOptions {
  /** Overflow and infinity become the largest finite value (true) or infinity/NaN (false). Default: as the dtype. */
  readonly saturate?: boolean;
  /** float8e8m0 only. Default "up". */
  readonly scaleRounding?: ScaleRounding;
}

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
const highWord = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** floor(log2 |x|) of a finite x ≠ 0. */
function exponentOf(x: number): number {
  scratch[0] = x;
  const biased = (scratchWords[highWord]! >>> 20) & 0x7ff;
  if (biased !== 0) return biased - 1023;
  scratch[0] = x * 2 ** 54; // subnormal
  return ((scratchWords[highWord]! >>> 20) & 0x7ff) - 1023 - 54;
}

/** Nearest integer, ties to the even one; what ONNX Round and every quantisation mean by rounding. */
export function roundHalfEven(x: number): number {
  if (!(Math.abs(x) < 2 ** 52)) return x;
  const rounded = Math.abs(x) + 2 ** 52 - 2 ** 52; // the addition itself rounds to nearest even
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}

function encodeSmallFloat(format: FloatFormat, value: number, saturate: boolean): number {
  const { mantissaBits, bias, maxCode, exponentBits } = format;
  const signBit = 1 << (exponentBits + mantissaBits);
  const negative = value < 0 || Object.is(value, -0) ? signBit : 0;
  // A format without NaN gives its negative zero, as the ml_dtypes library does.
  if (Number.isNaN(value)) return format.nanCode ?? signBit;
  const magnitude = Math.abs(value);
  let code = 0;
  if (magnitude === Number.POSITIVE_INFINITY) code = maxCode + 1;
  else if (magnitude !== 0) {
    const exponent = Math.max(exponentOf(magnitude), 1 - bias);
    const steps = roundHalfEven(magnitude * 2 ** (mantissaBits - exponent));
    // steps carries the implicit one, so adding the exponent less one also handles subnormals and the carry.
    code = steps + (exponent + bias - 1) * 2 ** mantissaBits;
  }
  if (code > maxCode) {
    if (saturate) code = maxCode;
    else if (format.infinityCode !== undefined) code = format.infinityCode;
    else return format.unsignedZero ? format.nanCode! : (format.nanCode ?? maxCode) | negative;
  }
  if (code === 0 && format.unsignedZero) return 0;
  return code | negative;
}

function decodeSmallFloat(format: FloatFormat, bits: number): number {
  const { mantissaBits, bias, maxCode, exponentBits } = format;
  const signBit = 1 << (exponentBits + mantissaBits);
  if (format.unsignedZero && bits === signBit) return Number.NaN;
  const code = bits & (signBit - 1);
  const sign = bits & signBit ? -1 : 1;
  if (code > maxCode) return code === format.infinityCode ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const exponent = code >> mantissaBits;
  const mantissa = code & ((1 << mantissaBits) - 1);
  return exponent === 0
    ? sign * mantissa * 2 ** (1 - bias - mantissaBits)
    : sign * (mantissa + (1 << mantissaBits)) * 2 ** (exponent - bias - mantissaBits);
}

/** float8e8m0: code c is 2^(c-127), 255 is NaN; zero and negative numbers have no code (nearest: the smallest; NaN). */
function encodeScale(value: number, rounding: ScaleRounding, saturate: boolean): number {
  if (Number.isNaN(value) || value < 0) return 0xff;
  if (value === Number.POSITIVE_INFINITY) return saturate ? 0xfe : 0xff;
  if (value === 0) return 0;
  const exponent = exponentOf(value);
  const fraction = value / 2 ** exponent; // [1, 2)
  const up = rounding === "up" ? fraction > 1 : rounding === "nearest" ? fraction >= 1.5 : false;
  const code = exponent + 127 + (up ? 1 : 0);
  if (code < 0) return 0;
  return code > 0xfe ? (saturate ? 0xfe : 0xff) : code;
}

/** The halves by code: within an exponent they are evenly spaced. By itself since a model with halves waits for it. */
function fillHalves(table: Float32Array): void {
  for (let exponent = 0; exponent < 31; exponent++) {
    const step = 2 ** (Math.max(exponent, 1) - 25);
    const implicit = exponent === 0 ? 0 : 1024;
    for (let mantissa = 0, code = exponent << 10; mantissa < 1024; mantissa++, code++) {
      const value = (implicit + mantissa) * step;
      table[code] = value;
      table[code | 0x8000] = -value;
    }
  }
  for (const sign of [1, -1]) {
    const code = sign > 0 ? 0x7c00 : 0xfc00;
    table[code] = sign * Number.POSITIVE_INFINITY;
    table.fill(Number.NaN, code + 1, code + 1024);
  }
}

const decodeTables = new Map<DType, Float32Array>();

/** Value by code of a float of at most 16 bits (every value is a float32 too). */
function decodeTable(dtype: DType): Float32Array {
  let table = decodeTables.get(dtype);
  if (!table) {
    const format = formats[dtype];
    table = new Float32Array(dtypes[dtype].bits === 16 ? 65536 : 256);
    if (dtype === "float16") fillHalves(table);
    else
      for (let bits = 0; bits < table.length; bits++) {
        if (format) table[bits] = decodeSmallFloat(format, dtype === "float4e2m1" ? bits & 15 : bits);
        else table[bits] = bits === 0xff ? Number.NaN : 2 ** (bits - 127);
      }
    decodeTables.set(dtype, table);
  }
  return table;
}

/** Smallest and largest value of an integer dtype (bool: 0 and 1), exact for up to 32 bits; else see `bigRange`. */
export function intRange(dtype: DType): readonly [number, number] {
  const { kind, bits } = dtypes[dtype];
  if (kind === "bool") return [0, 1];
  if (kind === "int") return [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  if (kind === "uint") return [0, 2 ** bits - 1];
  throw new InferlabError("DTYPE", `${dtype} is not an integer type`);
}

/** Largest finite value, smallest positive normal value and the gap between 1 and the next number of a float dtype. */
export function floatRange(dtype: DType): { max: number; minNormal: number; epsilon: number } {
  if (dtype === "float64") return { max: Number.MAX_VALUE, minNormal: 2 ** -1022, epsilon: Number.EPSILON };
  if (dtype === "float32") return { max: (2 - 2 ** -23) * 2 ** 127, minNormal: 2 ** -126, epsilon: 2 ** -23 };
  if (dtype === "float8e8m0") return { max: 2 ** 127, minNormal: 2 ** -127, epsilon: 1 };
  const format = formats[dtype];
  if (!format) throw new InferlabError("DTYPE", `${dtype} is not a float type`);
  return {
    max: decodeSmallFloat(format, format.maxCode),
    minNormal: 2 ** (1 - format.bias),
    epsilon: 2 ** -format.mantissaBits,
  };
}

/** Whether elements are stored as raw bits of a float and must be decoded before arithmetic. */
export function isEncodedFloat(dtype: DType): boolean {
  return formats[dtype] !== undefined || dtype === "float8e8m0";
}

export const isBig = (dtype: DType): dtype is "int64" | "uint64" => dtype === "int64" || dtype === "uint64";

/** Where a number fits no finite double-to-integer conversion (NaN, infinities) the integer is 0. */
function toBig(value: number): bigint {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
}

/**
 * What `value` is stored as: raw bits for small floats, else the number rounded (floats) or truncated and wrapped
 * (integers).
 *
 * @example
 * encodeNumber("float16", 1);          // 0x3c00
 * encodeNumber("int4", 9);             // -7
 * encodeNumber("float8e4m3fn", 1000);  // 0x7e, 448: the largest
 */
export function encodeNumber(dtype: DType, value: number, options: EncodeOptions = {}): number | bigint {
  const format = formats[dtype];
  if (format) return encodeSmallFloat(format, value, options.saturate ?? format.saturates);
  switch (dtype) {
    case "float8e8m0":
      return encodeScale(value, options.scaleRounding ?? "up", options.saturate ?? true);
    case "float64":
      return value;
    case "float32":
      return Math.fround(value);
    case "bool":
      return value !== 0 ? 1 : 0;
    case "int4":
      return ((value & 15) ^ 8) - 8;
    case "uint4":
      return value & 15;
    case "int2":
      return ((value & 3) ^ 2) - 2;
    case "uint2":
      return value & 3;
    case "int8":
      return (value << 24) >> 24;
    case "uint8":
      return value & 0xff;
    case "int16":
      return (value << 16) >> 16;
    case "uint16":
      return value & 0xffff;
    case "int32":
      return value | 0;
    case "uint32":
      return value >>> 0;
    case "int64":
      return BigInt.asIntN(64, toBig(value));
    case "uint64":
      return BigInt.asUintN(64, toBig(value));
    default:
      throw new InferlabError("DTYPE", `elements of ${dtype} are not numbers`);
  }
}

/** The number a stored element stands for. int64 beyond 2^53 loses low bits. */
export function decodeNumber(dtype: DType, stored: number | bigint): number {
  if (isEncodedFloat(dtype)) return decodeTable(dtype)[Number(stored)]!;
  return Number(stored);
}

/** The number nearest to `value` that `dtype` can hold, by the rules of `encodeNumber`. */
export function roundTo(dtype: DType, value: number, options?: EncodeOptions): number {
  return decodeNumber(dtype, encodeNumber(dtype, value, options));
}

/** `out` with the numbers that codes of a float of at most 16 bits stand for. */
function decoded<A extends Float32Array | Float64Array>(dtype: DType, codes: Uint16Array | Uint8Array, out: A): A {
  const table = decodeTable(dtype);
  const count = codes.length;
  for (let i = 0; i < count; i++) out[i] = table[codes[i]!]!;
  return out;
}

/** The elements as doubles (a copy). int64 beyond 2^53 loses low bits: operators exact on int64 work on `data`. */
export function toNumbers(t: Tensor): Float64Array {
  const { dtype } = t;
  if (isEncodedFloat(dtype)) {
    const bits = t.data as Uint16Array;
    return decoded(dtype, bits, new Float64Array(bits.length));
  }
  if (isBig(dtype)) {
    const data = t.data as BigInt64Array;
    const out = new Float64Array(data.length);
    for (let i = 0; i < out.length; i++) out[i] = Number(data[i]!);
    return out;
  }
  if (dtypes[dtype].kind === "string" || dtypes[dtype].kind === "complex")
    throw new InferlabError("DTYPE", `elements of ${dtype} are not numbers`);
  return new Float64Array(t.data as Float32Array);
}

/** The elements as singles (a copy). Exact for floats of at most 32 bits. */
export function toSingles(t: Tensor): Float32Array<ArrayBuffer> {
  const { dtype } = t;
  if (!isEncodedFloat(dtype)) return new Float32Array(numbersOf(t));
  const codes = t.data as Uint16Array;
  return decoded(dtype, codes, new Float32Array(codes.length));
}

/**
 * The elements as an array one may read numbers from: the tensor's own array where its elements are numbers already, else
 * decoded. Not to be written to.
 */
export function numbersOf(t: Tensor): Float32Array | Float64Array | Int32Array | Uint8Array {
  const { dtype } = t;
  if (isBig(dtype) || isEncodedFloat(dtype) || dtypes[dtype].array === (Array as unknown)) return toNumbers(t);
  return t.data as Float32Array;
}

/** Doubles as a dtype's elements: nearest even for floats, truncation and wrap-around for integers, ≠ 0 for bool. */
export function fromNumbers<D extends DType>(
  dtype: D,
  values: Float64Array | Float32Array | readonly number[],
  options: EncodeOptions = {},
): DTypeArrays[D] {
  const out = allocate<DType>(dtype, values.length);
  const format = formats[dtype];
  const count = values.length;
  if (format) {
    const saturate = options.saturate ?? format.saturates;
    for (let i = 0; i < count; i++) out[i] = encodeSmallFloat(format, values[i]!, saturate);
  } else if (isBig(dtype)) {
    for (let i = 0; i < count; i++) out[i] = toBig(values[i]!);
  } else if (dtype === "float32" || dtype === "float64" || (dtypes[dtype].bits >= 8 && isPlainInteger(dtype))) {
    // Typed arrays round and wrap as these dtypes do.
    (out as Float32Array).set(values);
  } else {
    for (let i = 0; i < count; i++) out[i] = encodeNumber(dtype, values[i]!, options);
  }
  return out as DTypeArrays[D];
}

function isPlainInteger(dtype: DType): boolean {
  return dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint";
}

/** A tensor of doubles rounded to `dtype`. */
export function numberTensor<D extends DType>(
  dtype: D,
  shape: readonly number[],
  values: Float64Array | Float32Array | readonly number[],
): Tensor<D> {
  return new Tensor(dtype, shape, fromNumbers(dtype, values));
}

/** `value` rounded half to even and clamped to an integer dtype's range: how quantisation stores numbers. NaN gives 0. */
export function saturateToInt(dtype: DType, value: number): number {
  const [low, high] = intRange(dtype);
  if (Number.isNaN(value)) return 0;
  const rounded = roundHalfEven(value);
  return Math.min(Math.max(rounded, low), high);
}

/** The integer elements of any integer tensor as numbers (axes, shapes, pads, indices). */
export function toIntegers(t: Tensor): number[] {
  return Array.from(toNumbers(t));
}
