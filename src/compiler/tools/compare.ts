/** Compares two graphs by what they compute, on random inputs over their symbolic sizes. */

import { evaluateDim, symbolsOf } from "../../base/dims.ts";
import { dtypes, isFloat } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { elementTensor, type MapValue } from "../../base/map-value.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { randomSource } from "../../base/random.ts";
import { sizeOf } from "../../base/shapes.ts";
import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import type { Graph } from "../ir/graph.ts";
import { finish, interpret, prepare } from "../ir/interpret.ts";

export type NamedValues = Readonly<Record<string, RuntimeValue>>;

/** Runs a graph on values by name; an engine's, or `referenceRunner`. */
export type Runner = (graph: Graph, feeds: NamedValues) => Promise<NamedValues>;

/** Runs a graph on the reference operators: slow, everywhere the same. */
export const referenceRunner: Runner = async (graph, feeds) => {
  const inputs = graph.inputs.map((value) => {
    const given = feeds[value.name];
    if (!given) throw new InferlabError("FEED", `input "${value.name}" is missing`);
    return given;
  });
  const results = finish(interpret(prepare(graph), inputs));
  return Object.fromEntries(graph.outputs.map((value, i) => [value.name, results[i]!]));
};

export interface InputOptions {
  seed?: number;
  /** Sizes of symbols; others are chosen at random from 1 to `maxSize`. */
  sizes?: Readonly<Record<string, number>>;
  maxSize?: number;
  /** Values to feed instead of random ones. */
  values?: NamedValues;
}

/**
 * Random inputs for a graph: floats in [-1, 1), integers 0 to 2, the same symbol the same size everywhere. Errors: FEED for
 * inputs whose type cannot be made up.
 */
export function randomInputs(graph: Pick<Graph, "inputs">, options: InputOptions = {}): Record<string, RuntimeValue> {
  const random = randomSource(options.seed ?? 1);
  const sizes = new Map<string, number>(Object.entries(options.sizes ?? {}));
  const feeds: Record<string, RuntimeValue> = {};
  for (const value of graph.inputs) {
    const given = options.values?.[value.name];
    if (given) {
      feeds[value.name] = given;
      continue;
    }
    const { type } = value;
    if (type?.kind !== "tensor" || !type.shape || type.dtype === "string")
      throw new InferlabError("FEED", `input "${value.name}" has a type that random values cannot be made for`, {
        hint: "give a value for it",
      });
    const shape = type.shape.map((dim) => {
      if (typeof dim === "number") return dim;
      for (const symbol of symbolsOf(dim))
        if (!sizes.has(symbol)) sizes.set(symbol, 1 + Math.floor(random() * (options.maxSize ?? 4)));
      return evaluateDim(dim, sizes) ?? 1;
    });
    const { kind } = dtypes[type.dtype];
    const top = kind === "bool" ? 2 : 3;
    const count = sizeOf(shape) * (kind === "complex" ? 2 : 1);
    const numbers = Float64Array.from({ length: count }, () =>
      isFloat(type.dtype) || kind === "complex" ? random() * 2 - 1 : Math.floor(random() * top),
    );
    feeds[value.name] = new Tensor(type.dtype, shape, fromNumbers(type.dtype, numbers));
  }
  return feeds;
}

/** Random inputs that fit both a graph and what became of it, which may have fixed sizes and fewer inputs. */
export const inputsForBoth = (
  original: Graph,
  changed: Graph,
  options: InputOptions = {},
): Record<string, RuntimeValue> =>
  randomInputs(
    {
      inputs: original.inputs.map((value) => changed.inputs.find((other) => other.name === value.name) ?? value),
    },
    options,
  );

export interface Difference {
  readonly bitEqual: boolean;
  /** Largest |a - b|; Infinity where types, shapes or non-finite values differ. */
  readonly maxAbs: number;
  /** maxAbs over the largest magnitude in a (at least 1e-30). */
  readonly maxRelative: number;
}

const same: Difference = { bitEqual: true, maxAbs: 0, maxRelative: 0 };
const different: Difference = {
  bitEqual: false,
  maxAbs: Number.POSITIVE_INFINITY,
  maxRelative: Number.POSITIVE_INFINITY,
};

const worse = (a: Difference, b: Difference): Difference => ({
  bitEqual: a.bitEqual && b.bitEqual,
  maxAbs: Math.max(a.maxAbs, b.maxAbs),
  maxRelative: Math.max(a.maxRelative, b.maxRelative),
});

/** How far two values are apart. NaN equals NaN, and 0 equals -0. */
export function compareValues(a: RuntimeValue | null | undefined, b: RuntimeValue | null | undefined): Difference {
  if (!a || !b) return a === b || (!a && !b) ? same : different;
  if (a.kind === "sequence" && b.kind === "sequence")
    return a.items.length === b.items.length
      ? a.items.reduce((sum, item, i) => worse(sum, compareValues(item, b.items[i])), same)
      : different;
  if (a.kind === "optional" && b.kind === "optional") return compareValues(a.value, b.value);
  if (a.kind === "map" && b.kind === "map") return compareMaps(a, b);
  if (a.kind !== "tensor" || b.kind !== "tensor") return different;
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return different;
  if (a.dtype === "string") return (a.data as string[]).every((s, i) => s === b.data[i]) ? same : different;
  if (a.dtype === "int64" || a.dtype === "uint64")
    return (a.data as BigInt64Array).every((v, i) => v === b.data[i]) ? same : different;
  const x = toNumbers(a);
  const y = toNumbers(b);
  let scale = 1e-30;
  let maxAbs = 0;
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i]!, y[i]!];
    if (Number.isFinite(p)) scale = Math.max(scale, Math.abs(p));
    if (p === q || (Number.isNaN(p) && Number.isNaN(q))) continue;
    const d = Math.abs(p - q);
    maxAbs = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(maxAbs, d);
  }
  return { bitEqual: maxAbs === 0, maxAbs, maxRelative: maxAbs / scale };
}

/** Keys, their order aside, must be the same. */
function compareMaps(a: MapValue, b: MapValue): Difference {
  if (a.keyType !== b.keyType || a.dtype !== b.dtype || a.size !== b.size) return different;
  let worst = same;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined) return different;
    worst = worse(worst, compareValues(elementTensor(a.dtype, value), elementTensor(b.dtype, other)));
  }
  return worst;
}

/** The differences of all outputs of `a` by name. */
export function compareOutputs(a: NamedValues, b: NamedValues): Record<string, Difference> {
  return Object.fromEntries(Object.keys(a).map((name) => [name, compareValues(a[name], b[name])]));
}

export const worstOf = (differences: Readonly<Record<string, Difference>>): Difference =>
  Object.values(differences).reduce(worse, same);
