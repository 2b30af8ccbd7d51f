/** What a run would cost if one operator were computed another way: really compiled so, and run in turn with what there is. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { toFloat16 } from "../compiler/tools/float16.ts";
import { compileGraph } from "../runtime/compile.ts";
import type { Values } from "../runtime/engine.ts";
import { Session } from "../runtime/session.ts";
import type { Trace } from "../runtime/trace.ts";
import { type ComparedInstructions, ProfileComparison } from "./compare-profiles.ts";
import { specialise } from "./link.ts";
import { machinePeaks } from "./peaks.ts";
import { type InstructionProfile, Profile, type ProfileOptions } from "./profile.ts";

/** What is to be other. One of them. */
export interface OperatorChange {
  /**
   * The kernel. Convolutions have `direct`, `winograd`, `depthwise` and `patches`, as far as their shape allows; every operator
   * has `reference`, the slow truth in TypeScript.
   */
  readonly kernel?: string;
  /** How a convolution's tensors lie: `planar` as in the file, `blocked` by channels. */
  readonly layout?: "planar" | "blocked";
  /** The operator on float16 tensors, with casts around it. */
  readonly precision?: "float16";
}

export type WhatIfOptions = Omit<ProfileOptions, "warmUp">;

const algorithmOfLayout = { planar: "patches", blocked: "direct" } as const;

export class WhatIf {
  /** The operator that was asked about, and how it was to be computed: `kernel patches`. */
  readonly node: string;
  readonly change: string;
  readonly before: Profile;
  readonly after: Profile;
  readonly comparison: ProfileComparison;
  /** Instructions that differ: the operator's own, and conversions that came or went with it. The largest change first. */
  readonly touched: readonly ComparedInstructions[];
  /** Of a whole run: the median before, with only those instructions exchanged. Free of what disturbed the others. */
  readonly predictedUs: number;

  /** `session.whatIf()` makes these. */
  constructor(node: string, change: string, before: Profile, after: Profile) {
    this.node = node;
    this.change = change;
    this.before = before;
    this.after = after;
    this.comparison = new ProfileComparison(before, after);
    const kernels = (rows: readonly InstructionProfile[]): string =>
      rows.map(({ op, kernel }) => `${op} ${kernel}`).join();
    this.touched = this.comparison.rows.filter(
      (row) => row.nodes.includes(node) || kernels(row.before) !== kernels(row.after),
    );
    this.predictedUs = this.touched.reduce((sum, row) => sum + row.deltaUs, before.wall.median);
  }

  [displaySymbol](): Displayed {
    return (
      display("what-if", this) ?? { "text/plain": `${this.node} ${this.change}: ${this.predictedUs.toFixed(0)} µs` }
    );
  }
}

function describe(change: OperatorChange): { readonly text: string; readonly kernel: string | undefined } {
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  const [entry] = given;
  const isKnown =
    change.kernel !== undefined ||
    change.precision === "float16" ||
    (change.layout !== undefined && Object.hasOwn(algorithmOfLayout, change.layout));
  if (!entry || given.length !== 1 || !isKnown)
    throw new InferlabError(
      "ARGUMENT",
      `change is ${JSON.stringify(change)}, expected one of { kernel }, { layout: "planar" | "blocked" }, { precision: "float16" }`,
    );
  return { text: entry.join(" "), kernel: change.kernel ?? (change.layout && algorithmOfLayout[change.layout]) };
}

/** See `Session.whatIf`. */
export async function whatIf(
  session: Session,
  feeds: Values,
  node: string,
  change: OperatorChange,
  options: WhatIfOptions = {},
): Promise<WhatIf> {
  const { text, kernel } = describe(change);
  const runs = options.runs ?? 20;
  if (!Number.isInteger(runs) || runs < 1) throw new InferlabError("ARGUMENT", `runs is ${runs}, expected 1 or more`);
  const run = options.signal ? { signal: options.signal } : {};
  const graph = specialise(session.graph, feeds);
  const [first] = await session.traceRuns(feeds, 1, 0, run);
  const now = new Profile(graph, [first!], undefined);
  const row = now.instructions.find((one) => one.nodes.includes(node));
  if (!row)
    throw new InferlabError("ARGUMENT", `no instruction computes a node ${JSON.stringify(node)}`, {
      hint: `name a node of the graph that was not folded away, such as ${now.instructions
        .slice(0, 3)
        .map((one) => JSON.stringify(one.node))
        .join(", ")}`,
    });
  const named = first!.events[row.index]!.node;
  const changed =
    kernel === undefined
      ? compileGraph(toFloat16(session.graph, { nodes: new Set(row.nodes) }), session.options)
      : compileGraph(session.graph, {
          ...session.options,
          kernels: { ...session.options.kernels, [named]: kernel },
        });
  using other = await changed;
  const traces: { readonly before: Trace[]; readonly after: Trace[] } = { before: [], after: [] };
  for (const one of [session, other]) for (let i = 0; i < 2; i++) await one.run(feeds, run);
  const end = performance.now() + (options.budgetMs ?? 10_000);
  // A few of each in turn, so that a disturbance meets both.
  while (traces.before.length < runs && (traces.before.length < 5 || performance.now() < end)) {
    const few = Math.min(5, runs - traces.before.length);
    traces.before.push(...(await session.traceRuns(feeds, few, 0, run)));
    traces.after.push(...(await other.traceRuns(feeds, few, 0, run)));
  }
  const kernels = ({ events }: Trace): string => events.map((event) => `${event.node} ${event.kernel}`).join("\n");
  if (kernels(traces.before[0]!) === kernels(traces.after[0]!))
    throw new InferlabError(
      "ENGINE",
      `engine "${session.engine}" computes ${row.op} ${JSON.stringify(node)} with ${row.kernel} all the same`,
      {
        hint: 'of engine "native" convolutions have several kernels, every operator has { kernel: "reference" }',
      },
    );
  const peaks = options.peaks ?? (await machinePeaks({ threads: first!.threads }));
  const make = (list: readonly Trace[]): Profile => new Profile(graph, list, peaks || undefined);
  return new WhatIf(node, text, make(traces.before), make(traces.after));
}

declare module "../runtime/session.ts" {
  interface Session {
    /**
     * What a run would cost if the operator that computes `node` had another kernel, layout or precision. The graph is compiled
     * so, and both are run in turn: what it shows is measured.
     *
     * Errors: those of `run`; ARGUMENT for a node that no instruction computes or a kernel that cannot compute it; ENGINE where
     * the engine has no such choice.
     *
     * @example
     * await session.whatIf({ x }, "conv1", { kernel: "direct" });
     */
    whatIf(feeds: Values, node: string, change: OperatorChange, options?: WhatIfOptions): Promise<WhatIf>;
  }
}

Session.prototype.whatIf = function (this: Session, feeds, node, change, options) {
  return whatIf(this, feeds, node, change, options);
};
