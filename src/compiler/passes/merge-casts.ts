import { type DType, dtypeFromOnnx, dtypes } from "../../base/dtypes.ts";
import { dtypeOf } from "./edit.ts";
import { rulePass } from "./rule.ts";

/** Digits of the mantissa and bits of the exponent. */
const floats: Partial<Record<DType, readonly [number, number]>> = {
  float16: [11, 5],
  bfloat16: [8, 8],
  float32: [24, 8],
  float64: [53, 11],
};

/** Every value of `from` is one of `to`. */
function holdsAll(from: DType, to: DType): boolean {
  const [a, b] = [dtypes[from], dtypes[to]];
  const [x, y] = [floats[from], floats[to]];
  if (x && y) return x[0] <= y[0] && x[1] <= y[1];
  const isInt = a.kind === "int" || a.kind === "uint";
  if (from === "bool") return b.kind === "int" || b.kind === "uint" || y !== undefined;
  if (isInt && y) return a.bits <= y[0] && a.bits < 16;
  if (!isInt || (b.kind !== "int" && b.kind !== "uint")) return false;
  if (a.kind === b.kind) return a.bits <= b.bits;
  return a.kind === "uint" && a.bits < b.bits;
}

export const mergeCasts = rulePass({
  name: "merge-casts",
  class: "exact",
  about: "makes one Cast of two, where the first loses nothing",
  rules: [
    {
      find: "a = Cast<to=$middle>(x); y = Cast<to=$to>(a)",
      replace: "y = Cast<to=$to>(x)",
      where(m) {
        const from = dtypeOf(m.value("x"));
        const middle = dtypeFromOnnx(m.attribute("middle") as number);
        const to = dtypeFromOnnx(m.attribute("to") as number);
        if (!from || !middle || !to || dtypes[to].kind === "string") return false;
        // A conversion of floats to whole numbers is undefined beyond their range, and differs between types.
        return holdsAll(from, middle);
      },
    },
  ],
});
