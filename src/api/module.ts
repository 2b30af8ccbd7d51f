/** Modules: functions with weights, which a graph takes in as named constants; and seeded ways to make weights. */
import { InferlabError } from "../base/errors.ts";
import { type StaticShape, sizeOf } from "../base/shapes.ts";
import { Tensor } from "../base/tensor.ts";
import { type GraphBuilder, GraphValue } from "./graph.ts";
import type { Sizes } from "./typing.ts";

type Weights = Readonly<Record<string, Tensor>>;

/** A module's weights as constants of a graph. */
type Constants<W extends Weights> = {
  readonly [K in keyof W]: W[K] extends Tensor<infer D, infer S> ? GraphValue<D, S> : never;
};

export interface Module<W extends Weights, X extends GraphValue = GraphValue, Y extends GraphValue = GraphValue> {
  /** Applies it; in one graph the weights are constants once, however often it is applied. */
  (x: X): Y;
  readonly name: string;
  readonly weights: W;
}

/**
 * A function of a value that has weights. They are constants called `name.weight` in a graph.
 *
 * @example
 * const dense = module("fc1", { w: init.glorot([784, 128], 1), b: init.zeros([128]) }, (x, { w, b }) => x.matmul(w).add(b).relu());
 * g.output("y", dense(x));
 */
export function module<W extends Weights, X extends GraphValue = GraphValue, Y extends GraphValue = GraphValue>(
  name: string,
  weights: W,
  forward: (x: X, weights: Constants<W>) => Y,
): Module<W, X, Y> {
  const taken = new WeakMap<GraphBuilder, Constants<W>>();
  const apply = (x: X): Y => {
    if (!(x instanceof GraphValue))
      throw new InferlabError("ARGUMENT", `module "${name}" was given no value of a graph`, {
        hint: "build a graph() with it and run that",
      });
    let constants = taken.get(x.builder);
    if (!constants) {
      constants = Object.fromEntries(
        Object.entries(weights).map(([key, tensor]) => [key, x.builder.weight(tensor, `${name}.${key}`)]),
      ) as Constants<W>;
      taken.set(x.builder, constants);
    }
    return forward(x, constants);
  };
  Object.defineProperty(apply, "name", { value: name });
  return Object.assign(apply, { weights }) as Module<W, X, Y>;
}

/** Uniform numbers in [0,1): splitmix32 of a seed, the same on every machine. */
function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let t = state ^ (state >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return ((t ^ (t >>> 15)) >>> 0) / 2 ** 32;
  };
}

function filled<const S extends StaticShape>(shape: S, next: () => number): Tensor<"float32", Sizes<S>> {
  const data = new Float32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = next();
  return new Tensor<"float32", Sizes<S>>("float32", shape, data);
}

/** Inputs and outputs of one unit: of a matrix [in,out], of filters [out,in,…]. */
function fans(shape: readonly number[]): [number, number] {
  if (shape.length < 2) return [shape[0] ?? 1, shape[0] ?? 1];
  if (shape.length === 2) return [shape[0]!, shape[1]!];
  const window = sizeOf(shape.slice(2));
  return [shape[1]! * window, shape[0]! * window];
}

/** Weights by rule; the same seed gives the same numbers. */
export const init = {
  zeros: <const S extends StaticShape>(shape: S): Tensor<"float32", Sizes<S>> => filled(shape, () => 0),
  ones: <const S extends StaticShape>(shape: S): Tensor<"float32", Sizes<S>> => filled(shape, () => 1),
  /** Evenly from low to high. */
  uniform<const S extends StaticShape>(shape: S, seed: number, low = -1, high = 1): Tensor<"float32", Sizes<S>> {
    const next = uniform(seed);
    return filled(shape, () => low + (high - low) * next());
  },
  /** Normally distributed (Box and Muller). */
  normal<const S extends StaticShape>(shape: S, seed: number, deviation = 1): Tensor<"float32", Sizes<S>> {
    const next = uniform(seed);
    return filled(shape, () => deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()));
  },
  /** Uniform within √(6 / (in + out)) (Glorot and Bengio 2010). */
  glorot<const S extends StaticShape>(shape: S, seed: number): Tensor<"float32", Sizes<S>> {
    const [ins, outs] = fans(shape);
    const limit = Math.sqrt(6 / (ins + outs));
    return init.uniform(shape, seed, -limit, limit);
  },
  /** Normal with deviation √(2 / in), for layers before a ReLU (He et al. 2015). */
  he<const S extends StaticShape>(shape: S, seed: number): Tensor<"float32", Sizes<S>> {
    return init.normal(shape, seed, Math.sqrt(2 / fans(shape)[0]));
  },
};
