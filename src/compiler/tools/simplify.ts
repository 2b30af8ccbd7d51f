/**
 * Simplifies a model to standard ONNX: all passes that use standard operators, with a log of every rewrite that can be undone
 * by rule, and searched for the one that moved an output.
 */
import { type Displayed, display, displaySymbol } from "../../base/display-hook.ts";
import { InferlabError } from "../../base/errors.ts";
import { formatBytes, type Shape } from "../../base/shapes.ts";
import { formatValueType } from "../../base/value-type.ts";
import { cloneGraph } from "../ir/clone.ts";
import type { Graph } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { verifyGraph } from "../ir/verify.ts";
import { agrees } from "../passes/edit.ts";
import type { Pass, Rewrite, RewriteClass } from "../passes/pass.ts";
import { constantBytes, passes, runPasses } from "../passes/pipeline.ts";
import { type Certificate, type CertifyOptions, certify } from "./certificate.ts";
import { checkPass } from "./check-pass.ts";
import { compareOutputs, type NamedValues, type Runner, referenceRunner, worstOf } from "./compare.ts";
import { formatCount, type GraphReport, inspectGraph, table } from "./inspect.ts";
import { convertOpset } from "./opset.ts";

export type SimplifyLevel = "exact" | "all" | "approximate";

const classes: Readonly<Record<SimplifyLevel, readonly RewriteClass[]>> = {
  exact: ["exact"],
  all: ["exact", "rounding"],
  approximate: ["exact", "rounding", "approximate"],
};

export interface SimplifyOptions {
  /** Shapes to fix for inputs; sizes that become known let more be folded. */
  inputShapes?: Readonly<Record<string, Shape>>;
  /**
   * Which classes of rewrites are allowed. Default "all": exact ones and those equal up to rounding. "approximate" also
   * allows those that change results by more, such as leaving out the rounding of a quantisation.
   */
  level?: SimplifyLevel;
  /** Names of passes to leave out. */
  skip?: readonly string[];
  /** False keeps constant expressions as nodes. Default true. */
  fold?: boolean;
  /** Bytes of the largest tensor that folding may make. Default 1 MiB. */
  maxFoldedBytes?: number;
  /** Share by which constants may grow. Default 0.05, so that no file grows noticeably. */
  maxGrowth?: number;
  /** Outputs that nobody needs: they and what only they need are removed. */
  unusedOutputs?: readonly string[];
  /** Passes of one's own: tried on random graphs first, then run with the others and verified after every run. */
  passes?: readonly Pass[];
  /** False does not try passes of one's own on random graphs. Default true. */
  checkPasses?: boolean;
  /** False leaves the branches of If and the bodies of loops as they are. Default true. */
  subgraphs?: boolean;
  /** Opset of the result: one later than the model's, to which it is converted first. */
  opset?: number;
  /** Only the first so many rewrites: for replaying. */
  maxRewrites?: number;
}

export interface SimplifyResult {
  readonly graph: Graph;
  readonly report: SimplifyReport;
}

const foldingPasses = ["fold-constants", "fold-arithmetic", "fold-shapes"];

/**
 * A simplified copy of a graph and a report on it; the original stays as it is.
 *
 * Errors: ARGUMENT for names of passes, inputs or outputs that do not exist; PASS where a pass of one's own breaks the graph
 * or never comes to rest; those of inference for a graph that cannot run.
 *
 * @example
 * const { graph, report } = simplifyGraph(readOnnx("det.onnx"));
 * console.log(report.toString());
 */
export function simplifyGraph(original: Graph, options: SimplifyOptions = {}): SimplifyResult {
  const own = options.passes ?? [];
  const known = new Set([...passes, ...own].map((pass) => pass.name));
  for (const name of options.skip ?? [])
    if (!known.has(name))
      throw new InferlabError("ARGUMENT", `there is no pass "${name}"`, {
        hint: `passes are ${[...known].join(", ")}`,
      });
  if (options.checkPasses !== false) for (const pass of own) checkPass(pass);
  const graph =
    options.opset === undefined || options.opset === original.opsets.get("")
      ? cloneGraph(original)
      : convertOpset(original, options.opset);
  for (const name of options.unusedOutputs ?? []) {
    const index = graph.outputs.findIndex((value) => value.name === name);
    if (index < 0)
      throw new InferlabError("ARGUMENT", `there is no output "${name}"`, {
        hint: `outputs are ${graph.outputNames.join(", ")}`,
      });
    graph.outputs.splice(index, 1);
  }
  if (graph.outputs.length === 0) throw new InferlabError("ARGUMENT", "no output would be left");
  inferShapes(graph, { inputShapes: options.inputShapes });
  const promised = graph.outputs.map((value) => value.type);
  const skip = [...(options.skip ?? []), ...(options.fold === false ? foldingPasses : [])];
  const allowed = classes[options.level ?? "all"];
  const selected = [...passes, ...own].filter(
    (pass) => !pass.fused && (allowed.includes(pass.class) || (own.includes(pass) && options.level !== "exact")),
  );
  const rewrites = runPasses(graph, {
    passes: selected,
    skip,
    maxRewrites: options.maxRewrites,
    maxFoldedBytes: options.maxFoldedBytes,
    growthBytes: Math.round(constantBytes(graph) * (options.maxGrowth ?? 0.05)) + 4096,
    verify: own.length > 0,
    subgraphs: options.subgraphs,
  });
  verifyGraph(graph);
  graph.outputs.forEach((value, i) => {
    if ((promised[i] && !value.type) || !agrees(promised[i], value.type))
      throw new InferlabError(
        "PASS",
        `output "${value.name}" became ${value.type ? formatValueType(value.type) : "untyped"}, expected ${formatValueType(promised[i]!)}`,
        { hint: "one of the passes given changes the type of an output; leave them out one by one" },
      );
  });
  return { graph, report: new SimplifyReport(original, graph, rewrites, options) };
}

export interface BisectResult {
  /** The first rewrite after which an output is beyond the tolerance; undefined where none is. */
  readonly rewrite: Rewrite | undefined;
  /** Largest relative difference with all rewrites made. */
  readonly maxRelative: number;
}

/** Times of one run, in turn on one engine: medians, with half the distance between the quartiles. */
export interface TimeComparison {
  readonly engine: string;
  readonly beforeMs: number;
  readonly beforeSpreadMs: number;
  readonly afterMs: number;
  readonly afterSpreadMs: number;
  readonly runs: number;
}

/** What a simplification did. */
export class SimplifyReport {
  readonly rewrites: readonly Rewrite[];
  /** How long a run takes before and after, where it was measured. */
  time: TimeComparison | undefined;
  /** What `certify` found last. */
  certificate: Certificate | undefined;
  private readonly original: Graph;
  private readonly graph: Graph;
  private readonly options: SimplifyOptions;
  private measured: { before: GraphReport; after: GraphReport } | undefined;

  constructor(original: Graph, graph: Graph, rewrites: readonly Rewrite[], options: SimplifyOptions) {
    this.original = original;
    this.graph = graph;
    this.rewrites = rewrites;
    this.options = options;
  }

  private get sides(): { before: GraphReport; after: GraphReport } {
    const { inputShapes } = this.options;
    this.measured ??= { before: inspectGraph(this.original, { inputShapes }), after: inspectGraph(this.graph) };
    return this.measured;
  }

  get before(): GraphReport {
    return this.sides.before;
  }

  get after(): GraphReport {
    return this.sides.after;
  }

  /** Passes that changed something: how often, and how many nodes went and came. */
  get byPass(): readonly { pass: string; class: RewriteClass; rewrites: number; removed: number; added: number }[] {
    const rows = new Map<
      string,
      { pass: string; class: RewriteClass; rewrites: number; removed: number; added: number }
    >();
    for (const rewrite of this.rewrites) {
      const row = rows.get(rewrite.pass) ?? {
        pass: rewrite.pass,
        class: rewrite.class,
        rewrites: 0,
        removed: 0,
        added: 0,
      };
      row.rewrites++;
      row.removed += rewrite.removed.length;
      row.added += rewrite.added.length;
      rows.set(rewrite.pass, row);
    }
    return [...rows.values()].sort((a, b) => b.removed - b.added - (a.removed - a.added));
  }

  /** The simplification again without these passes. Errors: ARGUMENT for a name that is no pass. */
  undo(...names: readonly string[]): SimplifyResult {
    return this.again({ skip: [...(this.options.skip ?? []), ...names] });
  }

  /**
   * Compares original and result on random inputs, also with each pass that rounds alone beside the exact ones. The errors
   * it measures are columns of the report from then on.
   */
  async certify(options: CertifyOptions = {}): Promise<Certificate> {
    const rounding = this.byPass.filter((row) => row.class !== "exact");
    const passes = rounding.map((row) => {
      const others = rounding.filter((other) => other !== row).map((other) => other.pass);
      const { graph } = this.again({ skip: [...(this.options.skip ?? []), ...others] });
      return { pass: row.pass, class: row.class, rewrites: row.rewrites, graph };
    });
    this.certificate = await certify(this.original, this.graph, { passes, ...options, rewrites: this.rewrites });
    return this.certificate;
  }

  /** The simplification again, with other options; passes of one's own have been checked. */
  private again(options: SimplifyOptions): SimplifyResult {
    return simplifyGraph(this.original, { ...this.options, checkPasses: false, ...options });
  }

  /**
   * Finds the first rewrite after which some output is further from the original's than `tolerance` (relative to the largest
   * magnitude of that output), by replaying the run up to half of the rewrites, then half of those, and so on.
   */
  async bisect(feeds: NamedValues, options: { tolerance?: number; run?: Runner } = {}): Promise<BisectResult> {
    const run = options.run ?? referenceRunner;
    const tolerance = options.tolerance ?? 1e-4;
    const expected = await run(this.original, feeds);
    const errorAfter = async (count: number): Promise<number> => {
      const { graph } = this.again({ maxRewrites: count });
      const got = await run(graph, feeds);
      const kept = Object.fromEntries(Object.entries(expected).filter(([name]) => name in got));
      return worstOf(compareOutputs(kept, got)).maxRelative;
    };
    const maxRelative = await errorAfter(this.rewrites.length);
    if (maxRelative <= tolerance) return { rewrite: undefined, maxRelative };
    let good = 0;
    let bad = this.rewrites.length;
    while (bad - good > 1) {
      const middle = Math.floor((good + bad) / 2);
      if ((await errorAfter(middle)) > tolerance) bad = middle;
      else good = middle;
    }
    return { rewrite: this.rewrites[bad - 1], maxRelative };
  }

  /** Rows of the table: what, before, after. */
  get rows(): readonly (readonly [what: string, before: string, after: string])[] {
    const { before, after, time } = this;
    const bytes = (n: number | undefined): string => (n === undefined ? "?" : formatBytes(n));
    const arithmetic = (side: GraphReport): string =>
      side.complete || side.flops > 0 ? formatCount(Math.round(side.flops / 2)) : "?";
    const ms = (median: number, spread: number): string =>
      `${digits(median)} ± ${spread.toPrecision(spread < 100 ? 2 : 3)} ms`;
    return [
      ["nodes", String(before.numNodes), String(after.numNodes)],
      ["parameters", formatCount(before.parameters), formatCount(after.parameters)],
      ["weights", formatBytes(before.parameterBytes), formatBytes(after.parameterBytes)],
      ["MACs", arithmetic(before), arithmetic(after)],
      ["activations", bytes(before.peakActivationBytes), bytes(after.peakActivationBytes)],
      ...(time
        ? [
            [
              `time (${time.engine})`,
              ms(time.beforeMs, time.beforeSpreadMs),
              ms(time.afterMs, time.afterSpreadMs),
            ] as const,
          ]
        : []),
    ];
  }

  /** Operators whose count changed: name, before, after. */
  get operators(): readonly (readonly [op: string, before: number, after: number])[] {
    const counts = new Map(this.before.operators);
    const now = new Map(this.after.operators);
    return [...new Set([...counts.keys(), ...now.keys()])]
      .filter((op) => counts.get(op) !== now.get(op))
      .map((op) => [op, counts.get(op) ?? 0, now.get(op) ?? 0]);
  }

  /** Before and after, then what each pass did, with its error against float64 where a certificate measured it. */
  toString(): string {
    const operators = this.operators.map(([op, before, after]) => [op, String(before), String(after)]);
    const errors = new Map(this.certificate?.passes.map((pass) => [pass.pass, pass.float64?.after]));
    const measured = [...errors.values()].some((error) => error !== undefined);
    const done = this.byPass.map((p) => {
      const error = p.class === "exact" ? "0" : (errors.get(p.pass)?.toExponential(1) ?? "");
      return [p.pass, p.class, String(p.rewrites), String(p.removed), String(p.added), ...(measured ? [error] : [])];
    });
    const head = ["pass", "class", "rewrites", "nodes removed", "added", ...(measured ? ["error to float64"] : [])];
    return [...table(["", "before", "after"], [...this.rows, ...operators]), "", ...table(head, done)].join("\n");
  }

  [displaySymbol](): Displayed {
    return display("simplify-report", this) ?? { "text/plain": this.toString() };
  }
}

/** Three digits, as far as these are after the point. */
const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.01 ? 1 : 3));
