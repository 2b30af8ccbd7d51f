/** A run to look into: graph, timeline and tensors with one selection. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { Tensor } from "../base/tensor.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { RunOptions, Values } from "../runtime/engine.ts";
import type { Session } from "../runtime/session.ts";
import type { Trace, TraceEvent } from "../runtime/trace.ts";
import { labelOf, linkEvents, specialise } from "./link.ts";

export interface ExploreOptions extends Pick<RunOptions, "signal" | "capture"> {
  /** Bytes of the output. Default 65,536, at most 1,048,576: more instructions and a larger part of the graph. */
  readonly maxBytes?: number;
}

/** An instruction with the tensor it made. */
export interface Step {
  readonly event: TraceEvent;
  /** Names of the graph's nodes it computed. */
  readonly nodes: readonly string[];
  readonly tensor: Tensor | undefined;
}

export class Exploration {
  /** With the shapes of this run. */
  readonly graph: Graph;
  readonly trace: Trace;
  readonly steps: readonly Step[];
  private readonly options: ExploreOptions;

  constructor(graph: Graph, trace: Trace, options: ExploreOptions = {}) {
    this.graph = graph;
    this.trace = trace;
    this.options = options;
    const links = linkEvents(graph, trace.events);
    this.steps = trace.events.map((event, i): Step => {
      const nodes = links.nodesOf[i]!.map((position) => graph.nodes[position]!);
      const names = [
        ...event.outputs.map((output) => output.name),
        ...nodes.toReversed().flatMap((node) => node.outputs.map((value) => value?.name ?? "")),
      ];
      const found = names.find((name) => trace.tensors.has(name));
      return { event, nodes: nodes.map(labelOf), tensor: found === undefined ? undefined : trace.tensors.get(found) };
    });
  }

  [displaySymbol](): Displayed {
    const { maxBytes } = this.options;
    const shown = display("exploration", this, maxBytes === undefined ? {} : { maxBytes });
    return shown ?? { "text/plain": `${this.steps.length} instructions` };
  }
}

/**
 * Runs the session once with every tensor kept, and shows graph, timeline and tensors in one output: what is selected in one is
 * selected in all. While the kernel lives, the tensor that is shown is the real one, to be sliced anew; a saved notebook keeps
 * pictures of them.
 *
 * Errors: those of `run`.
 *
 * @example
 * await explore(await model.compile(), { x });
 */
export async function explore(session: Session, feeds: Values, options: ExploreOptions = {}): Promise<Exploration> {
  const { capture = "all", signal } = options;
  const run = { capture, ...(signal ? { signal } : {}) };
  // The first run compiles what gives all tensors out.
  const first = await session.trace(feeds, run);
  for (const made of first.trace.tensors.values()) if (Tensor.isOwner(made)) made.dispose();
  const { trace } = await session.trace(feeds, run);
  return new Exploration(specialise(session.graph, feeds), trace, options);
}
