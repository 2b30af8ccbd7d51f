/** Rotary position embedding: pairs of a head's elements turned by angles that the caches hold by position. */
import { formatType } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Heads } from "./attention.ts";
import { numbersOf } from "./numbers.ts";

interface Failing {
  fail(code: "SHAPE" | "VALUE" | "ATTRIBUTE", message: string): never;
}

export interface Rotation {
  /** [rows,R/2] each (any shape of that many elements). */
  readonly cos: Tensor;
  readonly sin: Tensor;
  /** Elements R of each head that turn; the others stay. */
  readonly size: number;
  /** Pairs are neighbours; else the first half with the second. */
  readonly interleaved: boolean;
  /** Row of the caches for a token. */
  readonly rowOf: (batch: number, token: number) => number;
}

/** (a, b) → (a·cos - b·sin, a·sin + b·cos) for each pair. Errors: SHAPE, VALUE, ATTRIBUTE. */
export function rotateHeads(c: Failing, x: Heads, { cos, sin, size, interleaved, rowOf }: Rotation): Heads {
  if (size > x.size || size % 2 !== 0)
    c.fail("ATTRIBUTE", `rotary_embedding_dim is ${size}, expected an even number up to the head size ${x.size}`);
  const half = size / 2;
  for (const [name, cache] of Object.entries({ cos_cache: cos, sin_cache: sin }))
    if (cache.size !== cos.size || (half > 0 && cache.size % half !== 0))
      c.fail("SHAPE", `${name} is ${formatType(cache.dtype, cache.shape)}, expected rows of ${half} angles`);
  const rows = half === 0 ? 0 : cos.size / half;
  const [cosines, sines] = [numbersOf(cos), numbersOf(sin)];
  const values = x.values.slice();
  for (let b = 0; b < x.batch; b++)
    for (let l = 0; l < x.length; l++) {
      const row = rowOf(b, l);
      if (!(row >= 0 && row < rows))
        c.fail("VALUE", `the position of token ${l} of batch element ${b} is ${row}, expected 0 to ${rows - 1}`);
      for (let h = 0; h < x.heads; h++) {
        const base = ((b * x.heads + h) * x.length + l) * x.size;
        for (let i = 0; i < half; i++) {
          const first = base + (interleaved ? 2 * i : i);
          const second = base + (interleaved ? 2 * i + 1 : i + half);
          const [cosine, sine] = [cosines[row * half + i]!, sines[row * half + i]!];
          values[first] = x.values[first]! * cosine - x.values[second]! * sine;
          values[second] = x.values[first]! * sine + x.values[second]! * cosine;
        }
      }
    }
  return { ...x, values };
}
