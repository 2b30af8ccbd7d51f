/** What is known of a graph's nodes, as overlays for its picture: from a trace, from tensors, from an engine's report. */
import { formatBytes, formatMs } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { InstructionReport } from "../runtime/engine.ts";
import type { Trace } from "../runtime/trace.ts";
import { compareTensors } from "./compare.ts";
import type { Overlay } from "./graph-draw.ts";
import { statisticsOf } from "./statistics.ts";
import { formatNumber, formatSi } from "./text.ts";

function sumByNode(trace: Trace, amount: (event: Trace["events"][number]) => number): Map<string, number> {
  const values = new Map<string, number>();
  for (const event of trace.events) values.set(event.node, (values.get(event.node) ?? 0) + amount(event));
  return values;
}

/** Time a node took. */
export function timeOverlay(trace: Trace): Overlay {
  return {
    title: `time on ${trace.engine}`,
    values: sumByNode(trace, (e) => (e.endUs - e.startUs) / 1000),
    format: formatMs,
  };
}

/** Bytes a node read and wrote. */
export function bytesOverlay(trace: Trace): Overlay {
  return { title: "bytes moved", values: sumByNode(trace, (e) => e.bytes), format: formatBytes };
}

/** Floating-point operations of a node. */
export function flopsOverlay(trace: Trace): Overlay {
  return { title: "operations", values: sumByNode(trace, (e) => e.flops), format: (v) => `${formatSi(v)}FLOP` };
}

/** The kernel that computed a node, `reference` where the engine has none of its own. */
export function engineOverlay(source: Trace | readonly InstructionReport[]): Overlay {
  const rows = "events" in source ? source.events : source;
  const name = "events" in source ? source.engine : "engine";
  const values = new Map<string, string>();
  for (const row of rows) values.set(row.node, row.kernel === "reference" ? "reference" : name);
  return { title: "computed by", values };
}

/** Element type of a node's first output. */
export function precisionOverlay(graph: Graph): Overlay {
  const values = new Map<string, string>();
  for (const node of graph.nodes) {
    const type = node.outputs.find((value) => value !== undefined)?.type;
    if (type?.kind === "tensor") values.set(node.name, type.dtype);
  }
  return { title: "precision", values };
}

type Captured = ReadonlyMap<string, Tensor>;

function perNode(graph: Graph, measure: (name: string) => number | undefined): Map<string, number> {
  const values = new Map<string, number>();
  for (const node of graph.nodes)
    for (const output of node.outputs) {
      const value = output && measure(output.name);
      if (value === undefined) continue;
      const before = values.get(node.name);
      values.set(node.name, before === undefined ? value : Math.max(before, value));
    }
  return values;
}

/** Largest absolute error of a node's outputs against those of another engine; `reference` is the truth. */
export function errorOverlay(graph: Graph, captured: Captured, reference: Captured): Overlay {
  const values = perNode(graph, (name) => {
    const [a, b] = [captured.get(name), reference.get(name)];
    return a && b && a.size === b.size && a.dtype !== "string" ? compareTensors(a, b).maxAbs : undefined;
  });
  return { title: "max |error|", values, combine: "max", format: (v) => formatNumber(v, 3) };
}

/** How many elements of a node's outputs are not finite; a node's NaN is where to look when its inputs have none. */
export function nanOverlay(graph: Graph, captured: Captured): Overlay {
  const values = perNode(graph, (name) => {
    const tensor = captured.get(name);
    if (!tensor || tensor.dtype === "string" || tensor.size === 0) return undefined;
    const s = statisticsOf(tensor);
    return s.nans + s.positiveInfs + s.negativeInfs;
  });
  return { title: "NaN and infinite elements", values, format: (v) => (v > 0 ? `${v}!` : "0") };
}

/** The first node, in the order of computation, with an output that is not finite; undefined where all are. */
export function firstNotFinite(graph: Graph, captured: Captured): string | undefined {
  const { values } = nanOverlay(graph, captured);
  return graph.nodes.find((node) => Number(values.get(node.name) ?? 0) > 0)?.name;
}
