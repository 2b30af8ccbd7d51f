/** Conversion of element types. */
import { type DType, dtypeFromOnnx, dtypeNames, dtypes } from "../../base/dtypes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { cast as castTensor } from "../common/cast.ts";
import { type EncodeOptions, numberTensor, type ScaleRounding, saturateToInt, toNumbers } from "../common/numbers.ts";
import { float8s, narrow, numericOrBool } from "../common/types.ts";
import { operator, type ReferenceContext } from "../operator.ts";

const castable = [...numericOrBool, ...float8s, ...narrow, "string"] as const satisfies readonly DType[];

const rounding = {
  saturate: {
    type: "int",
    default: 1,
    since: 19,
    doc: "8-bit floats only: 1 keeps numbers beyond the range at the largest, 0 makes them infinite or NaN.",
  },
  round_mode: { type: "string", default: "up", since: 24, doc: "float8e8m0 only: up, down or nearest." },
} as const;

function encodeOptions(
  c: Pick<ReferenceContext, "fail">,
  attrs: { readonly saturate?: number; readonly round_mode?: string },
): EncodeOptions {
  const rounding = attrs.round_mode ?? "up";
  if (!["up", "down", "nearest"].includes(rounding))
    c.fail("ATTRIBUTE", `round_mode is ${JSON.stringify(rounding)}, expected up, down or nearest`);
  // Types wider than 8 bits overflow to infinity whatever `saturate` says.
  return { saturate: attrs.saturate !== 0, scaleRounding: rounding as ScaleRounding };
}

const is8Bit = (dtype: DType): boolean => dtypes[dtype].kind === "float" && dtypes[dtype].bits <= 8;

/** Input 0 as `to`, by the rules of the version in force. */
function convert(
  c: Pick<ReferenceContext, "fail" | "tensor" | "version"> & {
    readonly attrs: { readonly saturate?: number; readonly round_mode?: string };
  },
  to: DType,
): Tensor {
  let x = c.tensor(0);
  // What does not fit is undefined for the narrow types; up to version 23 the standard's own reference clamped, since it wraps.
  if (c.version < 24 && dtypes[x.dtype].kind === "float") {
    if (to === "int4" || to === "uint4")
      x = numberTensor(
        "int8",
        x.shape,
        toNumbers(x).map((v) => saturateToInt(to, v)),
      );
    else if (to === "float4e2m1")
      x = numberTensor(
        "float64",
        x.shape,
        toNumbers(x).map((v) => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : v)),
      );
  }
  return castTensor(c, x, to, is8Bit(to) ? encodeOptions(c, c.attrs) : {});
}

/** The dtype that `to` names: an ONNX code, in version 1 its name ("FLOAT"). */
function targetOf(c: { fail(code: "ATTRIBUTE", message: string): never }, to: number | string): DType {
  const found =
    typeof to === "number"
      ? dtypeFromOnnx(to)
      : (({ float: "float32", double: "float64" } as Record<string, DType>)[to.toLowerCase()] ??
        dtypeNames.find((name) => name === to.toLowerCase()));
  return found ?? c.fail("ATTRIBUTE", `to is ${to}, expected the code of an element type`);
}

export const cast = operator({
  name: "Cast",
  since: [1, 6, 9, 13, 19, 21, 23, 24, 25],
  doc: "The same elements as another type: floats round to nearest even, integers truncate and wrap, strings are decimal texts.",
  inputs: [{ name: "input", type: "T1" }],
  outputs: [{ name: "output", type: "T2" }],
  attributes: {
    to: { type: "int", required: true, formerly: { type: "string", until: 1 }, doc: "ONNX code of the wanted type." },
    ...rounding,
  },
  types: { T1: castable, T2: castable },
  typing: "same",
  infer(c) {
    const to = targetOf(c, c.attrs.to);
    const whole = dtypes[to].kind === "int" || dtypes[to].kind === "uint";
    c.output(0, tensorType(to, c.shape(0)), whole ? c.dims(0) : undefined);
  },
  reference(c) {
    const to = targetOf(c, c.attrs.to);
    return [convert(c, to)];
  },
});

export const castLike = operator({
  name: "CastLike",
  since: [15, 19, 21, 23, 24, 25],
  doc: "The elements of input as the type of target_type.",
  inputs: [
    { name: "input", type: "T1" },
    { name: "target_type", type: "T2", doc: "Only its type counts." },
  ],
  outputs: [{ name: "output", type: "T2" }],
  attributes: rounding,
  types: { T1: castable, T2: castable },
  typing: "castLike",
  infer(c) {
    c.output(0, tensorType(c.dtype(1), c.shape(0)));
  },
  reference(c) {
    return [convert(c, c.tensor(1).dtype)];
  },
});
