/** Positions of extreme elements along an axis. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { isBig, numbersOf } from "../common/numbers.ts";
import { planReduction, reducedShape } from "../common/reduction.ts";
import { numerics } from "../common/types.ts";
import { type Operator, operator } from "../operator.ts";

type Comparable = number | bigint;

function argOperator(name: string, doc: string, beats: (a: Comparable, b: Comparable) => boolean): Operator {
  return operator({
    name,
    since: [1, 11, 12, 13],
    doc,
    inputs: [{ name: "data", type: "T" }],
    outputs: [{ name: "reduced", type: "int64" }],
    attributes: {
      axis: { type: "int", default: 0, doc: "Axis to search along." },
      keepdims: { type: "int", default: 1, doc: "1: the axis stays, with size 1." },
      select_last_index: { type: "int", default: 0, since: 12, doc: "1: the last of equals instead of the first." },
    },
    types: { T: numerics },
    typing: "arg",
    infer(c) {
      const shape = c.shape(0);
      const out = shape && reducedShape(shape, [resolveAxis(c, c.attrs.axis, shape.length)], c.attrs.keepdims === 1);
      c.output(0, tensorType("int64", out));
    },
    reference(c) {
      const x = c.tensor(0);
      const axis = resolveAxis(c, c.attrs.axis, x.rank);
      const { shape, starts, members } = planReduction(x.shape, [axis], c.attrs.keepdims === 1);
      if (x.shape[axis] === 0 && starts.length > 0)
        c.fail("SHAPE", `axis ${axis} of data[${x.shape.join(",")}] is empty`);
      const data: ArrayLike<Comparable> = isBig(x.dtype) ? (x.data as BigInt64Array) : numbersOf(x);
      const last = c.attrs.select_last_index === 1;
      const out = BigInt64Array.from(starts, (start: number): never => {
        let best = 0;
        for (let i = 1; i < members.length; i++) {
          const [now, so] = [data[start + members[i]!]!, data[start + members[best]!]!];
          if (beats(now, so) || (last && now === so)) best = i;
        }
        return BigInt(best) as never;
      });
      return [new Tensor("int64", shape, out)];
    },
    cost: perOutputElement(1),
  });
}

export const argMax = argOperator("ArgMax", "Position of the largest element along an axis.", (a, b) => a > b);
export const argMin = argOperator("ArgMin", "Position of the smallest element along an axis.", (a, b) => a < b);
