/**
 * The reference engine: every operator by its plain implementation, in the order of the graph, on the calling thread. Slow,
 * right, and what other engines are compared with. It gives the event loop a turn now and then, so a run can be cancelled.
 */
import { InferlabError } from "../base/errors.ts";
import { type RuntimeValue, Tensor } from "../base/tensor.ts";
import type { Graph, Node } from "../compiler/ir/graph.ts";
import { attributesOf, interpret, type Observer, type Prepared, prepare, versionOf } from "../compiler/ir/interpret.ts";
import type { Cost, CostContext } from "../ops/operator.ts";
import type { Engine, EngineSession, InstructionReport, PreparedOptions, RunOptions, Values } from "./engine.ts";
import type { Trace, TraceEvent } from "./trace.ts";

/** Longest time a run keeps the event loop waiting, nodes that take longer by themselves aside. */
const turnMs = 10;

export const reference: Engine = {
  name: "reference",
  passes: "fused",
  available: () => ({ ok: true }),
  compile: async (graph: Graph, _options: PreparedOptions) => new ReferenceSession(graph),
};

class ReferenceSession implements EngineSession {
  private prepared: Prepared | undefined;
  private lastRun: readonly TraceEvent[] = [];

  constructor(graph: Graph) {
    this.prepared = prepare(graph);
  }

  async run(feeds: Values, options: RunOptions = {}): Promise<Values> {
    return this.drive(feeds, options);
  }

  async trace(feeds: Values, options: RunOptions = {}): Promise<{ outputs: Values; trace: Trace }> {
    const recorder = new Recorder(options.capture);
    const outputs = await this.drive(feeds, options, recorder);
    this.lastRun = recorder.events;
    const trace: Trace = {
      engine: reference.name,
      graph: this.prepared?.graph.name ?? "",
      threads: 1,
      wallUs: recorder.now(),
      events: recorder.events,
      tensors: recorder.tensors,
    };
    return { outputs, trace };
  }

  /** Of the last traced run; before it, of the graph's nodes without their cost. */
  explain(): readonly InstructionReport[] {
    const reason = "the engine runs every operator by its reference";
    if (this.lastRun.length)
      return this.lastRun.map(({ node, op, flops, bytes }, index) => ({
        index,
        node,
        op,
        kernel: "reference",
        reason,
        flops,
        bytes,
      }));
    return (this.prepared?.graph.nodes ?? []).map((node, index) => ({
      index,
      node: node.name,
      op: node.op,
      kernel: "reference",
      reason,
      flops: 0,
      bytes: 0,
    }));
  }

  dispose(): void {
    this.prepared = undefined;
  }

  private async drive(feeds: Values, { signal }: RunOptions, observer?: Observer): Promise<Values> {
    const prepared = this.prepared;
    if (!prepared)
      throw new InferlabError("ENGINE", "the session has been disposed", { hint: "compile the model again" });
    const { graph } = prepared;
    const inputs = graph.inputs.map((value) => {
      const given = feeds[value.name] ?? value.constant;
      if (given === undefined)
        throw new InferlabError("FEED", `input "${value.name}" is missing`, {
          hint: `the graph takes ${graph.inputNames.map((name) => JSON.stringify(name)).join(", ") || "no inputs"}`,
          details: { input: value.name },
        });
      return given;
    });
    const running = interpret(prepared, inputs, undefined, observer);
    let turn = performance.now();
    for (;;) {
      throwIfCancelled(signal);
      const next = running.next();
      if (next.done) {
        const outputs: Values = {};
        graph.outputs.forEach((value, index) => {
          outputs[value.name] = next.value[index]!;
        });
        return outputs;
      }
      if (performance.now() - turn < turnMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turn = performance.now();
    }
  }
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new InferlabError("CANCELLED", "the run was cancelled", { cause: signal.reason });
}

/** Writes down when each node ran, what it cost and the tensors asked for. */
class Recorder implements Observer {
  readonly events: TraceEvent[] = [];
  readonly tensors = new Map<string, Tensor>();
  private readonly begin = performance.now();
  /** Start times of the nodes that run now: a node that holds a subgraph starts before those inside it. */
  private readonly starting: number[] = [];
  private readonly wanted: ReadonlySet<string> | "all";

  constructor(capture: RunOptions["capture"]) {
    this.wanted = capture === "all" ? "all" : new Set(capture);
  }

  now(): number {
    return (performance.now() - this.begin) * 1000;
  }

  starts(): void {
    this.starting.push(this.now());
  }

  ran(node: Node, inputs: readonly (RuntimeValue | undefined)[], outputs: readonly (RuntimeValue | undefined)[]): void {
    const endUs = this.now();
    const { flops, bytes } = costOf(node, inputs, outputs);
    const made: { name: string; dtype: string; shape: readonly number[] }[] = [];
    node.outputs.forEach((value, index) => {
      const content = outputs[index];
      if (!value || !(content instanceof Tensor)) return;
      made.push({ name: value.name, dtype: content.dtype, shape: content.shape });
      if (this.wanted === "all" || this.wanted.has(value.name)) this.tensors.set(value.name, content);
    });
    this.events.push({
      node: node.name,
      op: node.op,
      kernel: "reference",
      startUs: this.starting.pop() ?? endUs,
      endUs,
      thread: 0,
      flops,
      bytes,
      outputs: made,
    });
  }
}

/** The operator's cost for the shapes of one run. */
export function costOf(
  node: Node,
  inputs: readonly (RuntimeValue | undefined)[],
  outputs: readonly (RuntimeValue | undefined)[],
): Cost {
  const version = versionOf(node);
  const shape = (value: RuntimeValue | undefined) => (value instanceof Tensor ? value.shape : undefined);
  let totalBytes = 0;
  for (const value of [...inputs, ...outputs]) if (value instanceof Tensor) totalBytes += value.sizeBytes;
  const context: CostContext = {
    version,
    attrs: attributesOf(node, version),
    numOutputs: node.outputs.length,
    isOutputUsed: (index) => node.outputs[index] !== undefined,
    inputShape: (index) => shape(inputs[index]),
    outputShape: (index) => shape(outputs[index]) ?? [],
    totalBytes,
  };
  return node.operator.cost(context);
}
