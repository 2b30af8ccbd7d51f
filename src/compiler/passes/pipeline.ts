/**
 * The order of passes: one line a pass. The list is run over and over until a round changes nothing, with types inferred
 * anew before each round.
 */
import { InferlabError } from "../../base/errors.ts";
import type { Shape } from "../../base/shapes.ts";
import type { Graph, Node } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { verifyGraph } from "../ir/verify.ts";
import { cancelQuantization, dropRequantization } from "./cancel-quantization.ts";
import { dropBeforeArgmax } from "./drop-before-argmax.ts";
import { dropDeadNodes } from "./drop-dead-nodes.ts";
import { dropExpands } from "./drop-expands.ts";
import { dropUnusedOutputs } from "./drop-unused-outputs.ts";
import { dropZeroStates } from "./drop-zero-states.ts";
import { Edit, type EditSession } from "./edit.ts";
import { fixReshapeTargets } from "./fix-reshape-targets.ts";
import { flattenMatmul } from "./flatten-matmul.ts";
import { foldArithmetic } from "./fold-arithmetic.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { foldConstants } from "./fold-constants.ts";
import { foldPad } from "./fold-pad.ts";
import { foldScaleAndBias } from "./fold-scale-and-bias.ts";
import { foldShapes } from "./fold-shapes.ts";
import { foldTransposeIntoGemm } from "./fold-transpose-into-gemm.ts";
import { fuseActivation } from "./fuse-activation.ts";
import { fuseResidual } from "./fuse-residual.ts";
import { gatherKeepAxis } from "./gather-keep-axis.ts";
import { gatherToReshape } from "./gather-to-reshape.ts";
import { inlineConstantIf } from "./inline-constant-if.ts";
import { joinSplit } from "./join-split.ts";
import { liftReshapeAbovePad } from "./lift-reshape-above-pad.ts";
import { liftUnaryAboveReshape } from "./lift-unary-above-reshape.ts";
import { matmulToGemm } from "./matmul-to-gemm.ts";
import { dropUselessActivations, mergeActivations } from "./merge-activations.ts";
import { mergeCasts } from "./merge-casts.ts";
import { mergeClips } from "./merge-clips.ts";
import { mergeConcats } from "./merge-concats.ts";
import { mergeGathers } from "./merge-gathers.ts";
import { mergeDirections, reverseToDirection } from "./merge-lstm-directions.ts";
import { mergeReduceAndSqueeze } from "./merge-reduce-and-squeeze.ts";
import { mergeReshapes } from "./merge-reshapes.ts";
import { mergeScalars } from "./merge-scalars.ts";
import { mergeSlices } from "./merge-slices.ts";
import { mergeTransposes } from "./merge-transposes.ts";
import { movementToGather } from "./movement-to-gather.ts";
import type { Pass, Rewrite, RewriteClass } from "./pass.ts";
import { pushTransposes } from "./push-transposes.ts";
import { rebuildActivations } from "./rebuild-activations.ts";
import { rebuildAttention } from "./rebuild-attention.ts";
import { rebuildDepthToSpace } from "./rebuild-depth-to-space.ts";
import { rebuildElementwise } from "./rebuild-elementwise.ts";
import { rebuildGelu } from "./rebuild-gelu.ts";
import { rebuildLayerNorm } from "./rebuild-layer-norm.ts";
import { rebuildLogSoftmax } from "./rebuild-log-softmax.ts";
import { rebuildPrelu } from "./rebuild-prelu.ts";
import { rebuildRmsNorm } from "./rebuild-rms-norm.ts";
import { removeNeutralOperands } from "./remove-neutral-operands.ts";
import { removeNoOps } from "./remove-no-ops.ts";
import { rewriteEinsum } from "./rewrite-einsum.ts";
import { rewriteWhere } from "./rewrite-where.ts";
import { shareEqualConstants } from "./share-equal-constants.ts";
import { shareEqualNodes } from "./share-equal-nodes.ts";
import { sinkReshapesBelowConcat } from "./sink-reshapes-below-concat.ts";
import { sinkTransposes } from "./sink-transposes.ts";
import { sinkTransposesBelowConcat } from "./sink-transposes-below-concat.ts";
import { sinkUnaryBelowConcat } from "./sink-unary-below-concat.ts";
import { slicesToSplit } from "./slices-to-split.ts";
import { transposeToReshape } from "./transpose-to-reshape.ts";
import { widenHalves } from "./widen-halves.ts";

/** Every pass, in the order of a round. */
export const passes: readonly Pass[] = [
  dropDeadNodes,
  dropUnusedOutputs,
  dropZeroStates,
  foldShapes,
  foldConstants,
  foldArithmetic,
  inlineConstantIf,
  // Early: later passes know constants of float32.
  widenHalves,
  removeNoOps,
  removeNeutralOperands,
  mergeCasts,
  mergeActivations,
  dropUselessActivations,
  mergeClips,
  mergeReduceAndSqueeze,
  rewriteWhere,
  dropExpands,
  cancelQuantization,
  dropRequantization,
  dropBeforeArgmax,
  shareEqualConstants,
  shareEqualNodes,
  fixReshapeTargets,
  gatherKeepAxis,
  rewriteEinsum,
  rebuildDepthToSpace,
  transposeToReshape,
  mergeTransposes,
  pushTransposes,
  foldTransposeIntoGemm,
  gatherToReshape,
  sinkReshapesBelowConcat,
  sinkTransposesBelowConcat,
  sinkTransposes,
  sinkUnaryBelowConcat,
  liftUnaryAboveReshape,
  liftReshapeAbovePad,
  mergeReshapes,
  movementToGather,
  mergeGathers,
  mergeConcats,
  joinSplit,
  slicesToSplit,
  mergeSlices,
  foldPad,
  foldBatchNorm,
  foldScaleAndBias,
  matmulToGemm,
  flattenMatmul,
  reverseToDirection,
  mergeDirections,
  rebuildLayerNorm,
  rebuildRmsNorm,
  rebuildAttention,
  rebuildLogSoftmax,
  rebuildElementwise,
  rebuildActivations,
  rebuildPrelu,
  rebuildGelu,
  // After those that know their constants.
  mergeScalars,
  fuseResidual,
  fuseActivation,
];

/** Rounds that one run may take: rules that undo each other would go on for ever. */
const maxRounds = 50;

export interface RunPassesOptions {
  /** Passes to run; default: all that use standard operators only. */
  passes?: readonly Pass[];
  /** Names of passes to leave out. */
  skip?: readonly string[];
  /** Stop after this many rewrites. */
  maxRewrites?: number;
  /** Bytes of the largest tensor that folding may make. Default 1 MiB. */
  maxFoldedBytes?: number;
  /** Bytes by which constants may grow in sum. Default: 5 % of what they are, and 4 KiB. */
  growthBytes?: number;
  /** Shapes of graph inputs by name, as for inferShapes. */
  inputShapes?: Readonly<Record<string, Shape>>;
  /** Rewrite the graphs inside nodes as well. Default true. */
  subgraphs?: boolean;
  /** Check the graph's invariants after every pass. Default false. */
  verify?: boolean;
}

function numNodes(graph: Graph): number {
  let count = graph.nodes.length;
  for (const inner of graph.nested()) count += inner.nodes.length;
  return count;
}

/** Bytes of the constants that a graph's nodes use, subgraphs included. */
export function constantBytes(graph: Graph): number {
  let bytes = 0;
  const seen = new Set<object>();
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes)
      for (const value of node.inputs) {
        if (!value?.isConstant || seen.has(value)) continue;
        seen.add(value);
        bytes += value.constantBytes;
      }
  return bytes;
}

/**
 * Rewrites a graph in place until nothing changes; returns the log. The order is fixed, so two runs on equal graphs make the
 * same rewrites.
 *
 * Errors: those of inference where the graph cannot run; PASS where a pass breaks the graph or never comes to rest.
 */
export function runPasses(graph: Graph, options: RunPassesOptions = {}): readonly Rewrite[] {
  const skip = new Set(options.skip);
  const selected = (options.passes ?? passes.filter((pass) => !pass.fused)).filter((pass) => !skip.has(pass.name));
  const inference = options.inputShapes ? { inputShapes: options.inputShapes } : {};
  const outline = new Outline(graph);
  const session: EditSession = {
    log: [],
    budget: options.maxRewrites ?? Number.POSITIVE_INFINITY,
    maxRewrites: 2000 + 50 * numNodes(graph),
    growthBytes: options.growthBytes ?? Math.round(constantBytes(graph) * 0.05) + 4096,
    maxFoldedBytes: options.maxFoldedBytes ?? 2 ** 20,
    graphs: [],
    nodesOf: (g, ops) => outline.nodesOf(g, ops),
    known: new Map<never, never>(),
    fused: selected.some((pass) => pass.fused),
    inferNode: () => {},
  };
  /** Rewrites made when a pass last found nothing to do: it finds nothing again while there are no more. */
  const idleAt = new Map<Pass, number>();
  for (let round = 0; session.budget > 0; round++) {
    const report = inferShapes(graph, inference);
    session.known = report.known;
    session.inferNode = report.grow;
    if (report.changed) idleAt.clear();
    const before = session.log.length;
    for (const pass of selected) {
      const start = session.log.length;
      if (idleAt.get(pass) === start) continue;
      session.graphs = outline.graphs(start);
      if (outline.mayConcern(pass))
        for (const g of options.subgraphs === false ? [graph] : session.graphs)
          runPass(pass, g, new Edit(g, graph, session, pass));
      if (session.log.length === start) idleAt.set(pass, start);
      else if (options.verify) verifyAfter(graph, pass);
    }
    if (session.log.length === before) break;
    if (round >= maxRounds) {
      const last = [...new Set(session.log.slice(before).map((rewrite) => rewrite.pass))];
      throw new InferlabError("PASS", `the graph still changes after ${maxRounds} rounds, by ${last.join(", ")}`, {
        hint: "two passes undo each other, or one never comes to rest",
        details: { passes: last },
      });
    }
  }
  inferShapes(graph, inference);
  nameNodes(graph);
  return session.log;
}

/** The graphs inside a graph and their nodes by operator, looked up again when a rewrite has been made. */
class Outline {
  private readonly root: Graph;
  private at = -1;
  private all: readonly Graph[] = [];
  private ops = new Set<string>();
  /** By graph and default-domain operator: the nodes and, at the same index, their positions. */
  private places = new Map<Graph, Map<string, { readonly nodes: Node[]; readonly positions: number[] }>>();

  constructor(root: Graph) {
    this.root = root;
  }

  graphs(numRewrites: number): readonly Graph[] {
    if (this.at !== numRewrites) this.update();
    this.at = numRewrites;
    return this.all;
  }

  /** Whether the operators that a pass works on are there. */
  mayConcern({ ops, needs }: Pass): boolean {
    if (ops && !ops.some((op) => this.ops.has(op))) return false;
    return !needs || needs.some((together) => together.every((op) => this.ops.has(op)));
  }

  nodesOf(graph: Graph, ops: readonly string[]): readonly Node[] {
    const byOp = this.places.get(graph);
    const found = byOp ? ops.flatMap((op) => byOp.get(op) ?? []) : [];
    if (found.length < 2) return found[0]?.nodes ?? [];
    const nodes = found.flatMap((place) => place.nodes);
    const positions = found.flatMap((place) => place.positions);
    return Array.from(nodes.keys())
      .sort((a, b) => positions[a]! - positions[b]!)
      .map((i) => nodes[i]!);
  }

  private update(): void {
    this.all = [this.root, ...this.root.nested()];
    this.ops = new Set();
    this.places = new Map();
    for (const graph of this.all) {
      const byOp = new Map<string, { nodes: Node[]; positions: number[] }>();
      this.places.set(graph, byOp);
      for (let position = 0; position < graph.nodes.length; position++) {
        const node = graph.nodes[position]!;
        if (node.operator.domain !== "") continue;
        const place = byOp.get(node.op);
        if (place) {
          place.nodes.push(node);
          place.positions.push(position);
        } else byOp.set(node.op, { nodes: [node], positions: [position] });
      }
      for (const op of byOp.keys()) this.ops.add(op);
    }
  }
}

/** An error inside a pass names the pass: it may be a user's. */
function runPass(pass: Pass, graph: Graph, edit: Edit): void {
  try {
    pass.run(graph, edit);
  } catch (cause) {
    if (cause instanceof InferlabError && cause.code === "PASS") throw cause;
    throw new InferlabError(
      "PASS",
      `pass ${pass.name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        hint: cause instanceof InferlabError ? cause.hint : undefined,
        details: { ...(cause instanceof InferlabError ? cause.details : {}), pass: pass.name },
      },
    );
  }
}

/** Makes the names of nodes differ: a rewrite names its nodes after those they replace, and ONNX Runtime wants them unique. */
function nameNodes(graph: Graph): void {
  const names = new Set<string>();
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes) {
      if (!node.name) continue;
      const stem = node.name;
      for (let count = 1; names.has(node.name); count++) node.name = `${stem}_${count}`;
      names.add(node.name);
    }
}

function verifyAfter(graph: Graph, pass: Pass): void {
  try {
    verifyGraph(graph);
  } catch (cause) {
    throw new InferlabError("PASS", `pass ${pass.name} broke the graph: ${(cause as Error).message}`, {
      cause,
      details: { pass: pass.name },
    });
  }
}

export type OptimizeLevel = "none" | "exact" | "all";

const allowed: Readonly<Record<OptimizeLevel, readonly RewriteClass[]>> = {
  none: [],
  exact: ["exact"],
  all: ["exact", "rounding"],
};

/**
 * Rewrites a graph in place for running it. `fused` allows operators of the domain "inferlab" (FusedConv, FusedGemm).
 *
 * @example
 * optimize(graph, "all", { fused: true });
 */
export function optimize(graph: Graph, level: OptimizeLevel, options: { fused?: boolean } = {}): readonly Rewrite[] {
  const selected = passes.filter((pass) => allowed[level].includes(pass.class) && (options.fused || !pass.fused));
  return selected.length === 0
    ? []
    : runPasses(graph, { passes: selected, maxFoldedBytes: 2 ** 26, growthBytes: 2 ** 26 });
}
