/** One random graph, its feeds, and whether the engines agree on it. */
import { InferlabError } from "../../src/base/errors.ts";
import { fromNumbers } from "../../src/base/numbers.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { Graph } from "../../src/compiler/ir/graph.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { engines } from "../../src/runtime/engines.ts";
import { difference } from "../conformance/compare.ts";
import { GraphBuilder, seededRandom, sizeAt } from "./build.ts";
import { type Idiom, idioms, quantisedStart, toTokens } from "./idioms.ts";

export interface FuzzCase {
  readonly seed: number;
  readonly graph: Graph;
  /** Names of what it is made of, in order. */
  readonly idioms: readonly string[];
}

/** The same seed gives the same graph. */
export function fuzzCase(seed: number): FuzzCase {
  const b = new GraphBuilder(seededRandom(seed), `seed-${seed}`);
  const batch = b.chance(0.4) ? "n" : b.int(1, 2);
  const names: string[] = [];
  let x = b.input("x", "float32", [batch, b.pick([1, 2, 3, 4, 8]), b.int(3, 12), b.int(3, 12)]);
  if (b.chance(0.2)) {
    x = quantisedStart(b, x);
    names.push("quantised start");
  }
  const put = (rank: 3 | 4, count: number): void => {
    for (let i = 0; i < count; i++) {
      const fitting: readonly Idiom[] = idioms.filter((idiom) => idiom.rank === rank && (idiom.fits?.(x) ?? true));
      const idiom = b.pick(fitting);
      x = idiom.apply(b, x);
      names.push(idiom.name);
      if (b.chance(0.1)) b.graph.outputs.push(x);
    }
  };
  put(4, b.int(1, 6));
  if (sizeAt(x, 2) * sizeAt(x, 3) <= 80 && b.chance(0.5)) {
    x = toTokens(b, x);
    put(3, b.int(1, 4));
  }
  if (!b.graph.outputs.includes(x)) b.graph.outputs.push(x);
  return { seed, graph: b.graph, idioms: names };
}

/** Numbers in [-2, 2] for every input; symbols are 1 to 3. */
export function fuzzFeeds(graph: Graph, seed: number): Record<string, Tensor> {
  const random = seededRandom(seed ^ 0x5eed);
  const batch = 1 + Math.floor(random() * 3);
  const feeds: Record<string, Tensor> = {};
  for (const { name, type } of graph.inputs) {
    if (type?.kind !== "tensor" || !type.shape) throw new InferlabError("SHAPE", `input "${name}" has no shape`);
    const shape = type.shape.map((dim) => (typeof dim === "number" ? dim : batch));
    const count = shape.reduce((size, dim) => size * dim, 1);
    const whole = !type.dtype.startsWith("float");
    const values = Float64Array.from({ length: count }, () => (whole ? Math.floor(random() * 4) : random() * 4 - 2));
    feeds[name] = new Tensor(type.dtype, shape, fromNumbers(type.dtype, values));
  }
  return feeds;
}

/** What is compared with the plain reference: the passes on the reference, the native engine, onnxruntime-node. */
export function fuzzTargets(): string[] {
  return ["passes", ...engines.filter((e) => e.name !== "reference" && e.available().ok).map((e) => e.name)];
}

async function run(graph: Graph, feeds: Record<string, Tensor>, target: string): Promise<Record<string, Tensor>> {
  const engine = target === "passes" ? "reference" : target;
  using session = await compileGraph(graph, { engine, threads: 2, optimize: target === "reference" ? "none" : "all" });
  return await session.run(feeds);
}

export interface Disagreement {
  readonly target: string;
  readonly reason: string;
}

/** Where a target's outputs are not the reference's; undefined where all agree. */
export async function disagreement(
  graph: Graph,
  seed: number,
  targets: readonly string[],
): Promise<Disagreement | undefined> {
  const feeds = fuzzFeeds(graph, seed);
  let expected: Record<string, Tensor>;
  try {
    expected = await run(graph, feeds, "reference");
  } catch (error) {
    return { target: "reference", reason: `fails: ${error instanceof Error ? error.message : String(error)}` };
  }
  for (const target of targets) {
    if (target === "reference") continue;
    try {
      const got = await run(graph, feeds, target);
      for (const [name, value] of Object.entries(expected)) {
        const largest = Math.max(1, ...Array.from(value.data as Float32Array, (v) => Math.abs(Number(v)) || 0));
        const found = difference(got[name], value, { rtol: 1e-3, atol: 1e-4 * largest });
        if (found) return { target, reason: `output ${name} ${found}` };
      }
    } catch (error) {
      return { target, reason: `fails: ${error instanceof Error ? error.message : String(error)}` };
    }
  }
  return undefined;
}
