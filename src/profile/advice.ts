/**
 * What to look at first, in words, each with the figures it rests on. One entry of the list is one kind of advice; it gives
 * nothing where its condition does not hold.
 */
import { availableParallelism } from "node:os";
import { formatMs } from "../base/shapes.ts";
import { cloneGraph } from "../compiler/ir/clone.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { optimize } from "../compiler/passes/pipeline.ts";
import { labelOf } from "./link.ts";
import type { InstructionProfile, Profile } from "./profile.ts";

export interface Advice {
  readonly kind: string;
  readonly text: string;
  /** Indices of the instructions it is about. */
  readonly instructions: readonly number[];
  /** Of the time of all instructions, 0 to 1. */
  readonly share: number;
  /** Microseconds a run would take less, where that can be said. */
  readonly savesUs?: number;
}

/** Operators that only put elements elsewhere. */
const movements = new Set(
  "Transpose Concat Slice Split Gather GatherND Pad Expand Tile Reshape Flatten Squeeze Unsqueeze Identity DepthToSpace SpaceToDepth ReorderInput ReorderOutput".split(
    " ",
  ),
);

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const ms = (us: number): string => formatMs(us / 1000);
const sumShare = (rows: readonly InstructionProfile[]): number => rows.reduce((sum, row) => sum + row.share, 0);
const sumUs = (rows: readonly InstructionProfile[]): number => rows.reduce((sum, row) => sum + row.time.median, 0);
const indices = (rows: readonly InstructionProfile[]): number[] => rows.map((row) => row.index);

/** `"a", "b" and 3 more`. */
function named(rows: readonly InstructionProfile[]): string {
  const first = rows
    .toSorted((a, b) => b.time.median - a.time.median)
    .slice(0, 3)
    .map((row) => JSON.stringify(row.node));
  const rest = rows.length - first.length;
  return rest > 0 ? `${first.join(", ")} and ${rest} more` : first.join(", ");
}

/** `3 Transposes`, `1 Conv`, `4 movements (Transpose, Concat)`. */
function countOf(rows: readonly InstructionProfile[]): string {
  const ops = [...new Set(rows.map((row) => row.op))];
  const plural = rows.length === 1 ? "" : "s";
  return ops.length === 1 ? `${rows.length} ${ops[0]}${plural}` : `${rows.length} instructions (${ops.join(", ")})`;
}

type Rule = (profile: Profile, graph: Graph) => Advice | undefined;

/** The name in `Op "name"`, as rewrites write nodes. */
const nameIn = (node: string): string => /"(.*)"$/s.exec(node)?.[1] ?? node;

/** Instructions whose every node a pass of ours takes out of the graph. */
const removable: Rule = (profile, graph) => {
  const smaller = cloneGraph(graph);
  const rewrites = optimize(smaller, "all", { fused: false });
  const names = new Set(smaller.nodes.map(labelOf));
  const values = new Set(smaller.nodes.flatMap((node) => node.outputs.map((value) => value?.name)));
  const isGone = (row: InstructionProfile): boolean =>
    row.nodes.length > 0 &&
    row.nodes.every((name) => !names.has(name)) &&
    (!row.output?.name || !values.has(row.output.name));
  const goneBy = new Map<string, InstructionProfile>();
  for (const row of profile.instructions) if (isGone(row)) for (const name of row.nodes) goneBy.set(name, row);
  const rows = new Set<InstructionProfile>();
  const passes = new Set<string>();
  let savesUs = 0;
  for (const { pass, removed, added } of rewrites) {
    const before = removed.map(nameIn);
    const gone = new Set(before.flatMap((name) => goneBy.get(name) ?? []).filter((row) => !rows.has(row)));
    if (gone.size === 0) continue;
    // What comes in their place costs about what the dearest of them did.
    const dearest = Math.max(...[...gone].map((row) => row.time.median));
    const come = added.map(nameIn).filter((name) => !before.includes(name)).length;
    const net = sumUs([...gone]) - come * dearest;
    if (net <= 0) continue;
    savesUs += net;
    passes.add(pass);
    for (const row of gone) rows.add(row);
  }
  const list = [...rows].sort((a, b) => a.index - b.index);
  const share = profile.instructionsUs > 0 ? savesUs / profile.instructionsUs : 0;
  if (share < 0.02) return undefined;
  const how =
    profile.engine === "ort"
      ? "model.simplify() makes a model without them"
      : 'compile with { optimize: "all" } to run without them';
  return {
    kind: "removable",
    text: `${percent(sumShare(list))} of the time is in ${countOf(list)} that passes remove (${[...passes].join(", ")}): ${named(list)}. Predicted about −${ms(savesUs)}; ${how}.`,
    instructions: indices(list),
    share,
    savesUs,
  };
};

const movement: Rule = (profile) => {
  const rows = profile.instructions.filter((row) => row.op.split("+").every((op) => movements.has(op)));
  const share = sumShare(rows);
  if (share < 0.2) return undefined;
  return {
    kind: "movement",
    text: `${percent(share)} of the time (${ms(sumUs(rows))}) only puts elements elsewhere, in ${countOf(rows)}: ${named(rows)}. A layout that needs none of them saves at most that.`,
    instructions: indices(rows),
    share,
  };
};

const fallback: Rule = (profile) => {
  if (profile.engine === "reference") return undefined;
  const rows = profile.instructions.filter((row) => row.kernel === "reference");
  if (rows.length === 0) return undefined;
  const share = sumShare(rows);
  return {
    kind: "fallback",
    text: `${countOf(rows)} ran on the slow reference, ${percent(share)} of the time: ${named(rows)}. session.explain() says why.`,
    instructions: indices(rows),
    share,
  };
};

const farFromRoof: Rule = (profile) => {
  const rows = profile.instructions.filter(
    (row) => row.share >= 0.05 && row.kernel !== "reference" && row.roof !== undefined && row.roof.share < 0.1,
  );
  const share = sumShare(rows);
  if (share < 0.1) return undefined;
  const bestUs = rows.reduce((sum, row) => sum + row.roof!.bestUs, 0);
  return {
    kind: "far from the roof",
    text: `${percent(share)} of the time is in ${countOf(rows)} that reach less than a tenth of what this machine can do: ${named(rows)}. They take ${ms(sumUs(rows))}; at the roof it would be ${ms(bestUs)}.`,
    instructions: indices(rows),
    share,
  };
};

const dominant: Rule = (profile) => {
  const [first] = profile.instructions.toSorted((a, b) => b.share - a.share);
  if (!first || first.share < 0.4 || profile.instructions.length < 2) return undefined;
  const { roof } = first;
  const state = roof
    ? ` It is bound by ${roof.bound === "compute" ? "arithmetic" : "memory"} and reaches ${percent(roof.share)} of that roof.`
    : "";
  return {
    kind: "dominant",
    text: `One ${first.op}, ${JSON.stringify(first.node)}, takes ${percent(first.share)} of the time (${ms(first.time.median)}).${state}`,
    instructions: [first.index],
    share: first.share,
  };
};

const between: Rule = (profile) => {
  const missing = 1 - profile.coverage;
  if (!(missing > 0.1) || profile.instructions.length === 0) return undefined;
  const short = profile.instructions.filter((row) => row.time.median < 2);
  const many =
    short.length * 2 > profile.instructions.length
      ? ` ${short.length} of ${profile.instructions.length} take less than 2 µs each.`
      : "";
  return {
    kind: "between instructions",
    text: `${percent(missing)} of a run (${ms(profile.wall.median * missing)}) lies outside of instructions: calling the engine, waking threads, handing tensors over.${many} Larger batches share that cost.`,
    instructions: indices(short),
    share: missing,
  };
};

const wide: Rule = (profile) => {
  const rows = profile.instructions.filter((row) => row.output?.dtype === "float64" && row.flops > 0);
  const share = sumShare(rows);
  if (share < 0.1) return undefined;
  return {
    kind: "float64",
    text: `${percent(share)} of the time computes in float64, in ${countOf(rows)}: ${named(rows)}. float32 moves half the bytes and does twice as much at once.`,
    instructions: indices(rows),
    share,
  };
};

const oneThread: Rule = (profile) => {
  if (profile.threads !== 1 || availableParallelism() === 1 || profile.engine === "reference") return undefined;
  const rows = profile.instructions.filter((row) => row.roof?.bound === "compute" && row.time.median > 50);
  const share = sumShare(rows);
  if (share < 0.5) return undefined;
  return {
    kind: "one thread",
    text: `The run has one thread of ${availableParallelism()}, and ${percent(share)} of the time is arithmetic in instructions long enough to be shared out (${countOf(rows)}). Compile with { threads: ${availableParallelism()} }.`,
    instructions: indices(rows),
    share,
  };
};

const unsteady: Rule = (profile) => {
  const { wall } = profile;
  if (wall.count < 5 || wall.spread / wall.median < 0.1) return undefined;
  return {
    kind: "unsteady",
    text: `Runs differ by ±${percent(wall.spread / wall.median)} around ${ms(wall.median)}: other programs are at work. Differences smaller than that mean nothing.`,
    instructions: [],
    share: 0,
  };
};

const rules: readonly Rule[] = [
  removable,
  fallback,
  movement,
  farFromRoof,
  dominant,
  wide,
  oneThread,
  between,
  unsteady,
];

/** The advice that holds for a profile, in the order of the rules. `graph`: the one that ran, with its shapes. */
export function advise(profile: Profile, graph: Graph): Advice[] {
  return rules.map((rule) => rule(profile, graph)).filter((advice) => advice !== undefined);
}
