/** Two graphs side by side: what one has and the other has not, matched by name and by structure. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { bundle, type DisplayOptions, frame, imageElement } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { drawGraph, graphSummary } from "./graph.ts";
import type { Marker } from "./graph-draw.ts";
import { attributesText, type GraphModel } from "./graph-model.ts";
import { plural, textTable } from "./text.ts";

export interface GraphDiff {
  readonly before: Graph;
  readonly after: Graph;
}

export interface Matching {
  /** Nodes of `before` with their counterparts. */
  readonly pairs: ReadonlyMap<Node, Node>;
  readonly removed: readonly Node[];
  readonly added: readonly Node[];
  /** Pairs whose attributes, inputs or types differ. */
  readonly changed: readonly (readonly [Node, Node])[];
}

const outputName = (node: Node) => node.outputs.find((value) => value !== undefined)?.name;

/**
 * Pairs nodes of two graphs: first those with the same operator and the same name or output, then those with the same
 * operator that read from paired nodes, in order.
 */
export function matchGraphs(before: Graph, after: Graph): Matching {
  const pairs = new Map<Node, Node>();
  const taken = new Set<Node>();
  const pair = (a: Node, b: Node) => {
    pairs.set(a, b);
    taken.add(b);
  };
  for (const keyOf of [
    (n: Node) => n.name && `${n.op}\0${n.name}`,
    (n: Node) => outputName(n) && `${n.op}\0${outputName(n)}`,
  ]) {
    const byKey = new Map<string, Node | null>();
    for (const node of after.nodes) {
      const key = keyOf(node);
      if (key && !taken.has(node)) byKey.set(key, byKey.has(key) ? null : node); // null: not unique
    }
    for (const node of before.nodes) {
      const key = keyOf(node);
      const match = key && !pairs.has(node) ? byKey.get(key) : undefined;
      if (match && !taken.has(match)) pair(node, match);
    }
  }
  // By structure: the operator and the paired producers (or the graph input) of every input.
  const idOfAfter = new Map<Node, number>(after.nodes.map((node, i) => [node, i]));
  const sourceKey = (value: Value | undefined, translate: (node: Node) => Node | undefined): string | undefined => {
    if (!value) return "-";
    if (value.isConstant) return "c";
    if (!value.producer) return `i${value.name}`;
    const node = translate(value.producer);
    return node ? `n${idOfAfter.get(node)}` : undefined;
  };
  const structure = (node: Node, translate: (node: Node) => Node | undefined): string | undefined => {
    const parts = node.inputs.map((value) => sourceKey(value, translate));
    return parts.includes(undefined) ? undefined : `${node.op}(${parts.join(",")})`;
  };
  const waiting = new Map<string, Node[]>();
  for (const node of after.nodes) {
    if (taken.has(node)) continue;
    const key = structure(node, (n) => n);
    if (key === undefined) continue;
    const list = waiting.get(key);
    if (list) list.push(node);
    else waiting.set(key, [node]);
  }
  for (const node of before.nodes) {
    if (pairs.has(node)) continue;
    const key = structure(node, (n) => pairs.get(n));
    const match = key === undefined ? undefined : waiting.get(key)?.shift();
    if (match) pair(node, match);
  }
  const changed: (readonly [Node, Node])[] = [];
  for (const [a, b] of pairs) {
    const inputs = (n: Node, translate: (node: Node) => Node | undefined) => structure(n, translate) ?? "?";
    if (attributesText(a, 400) !== attributesText(b, 400) || inputs(a, (n) => pairs.get(n)) !== inputs(b, (n) => n))
      changed.push([a, b]);
  }
  return {
    pairs,
    removed: before.nodes.filter((node) => !pairs.has(node)),
    added: after.nodes.filter((node) => !taken.has(node)),
    changed,
  };
}

function countOps(graph: Graph): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of graph.nodes) counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
  return counts;
}

/** Marks nodes by what became of them; unchanged ones are faint. */
function statusMarker(statusOf: ReadonlyMap<Node, "+" | "−" | "~">) {
  const fills = { "+": "#bfe5c3", "−": "#f4c0bb", "~": "#f3e2ae" } as const;
  return (model: GraphModel): Marker =>
    (row) => {
      const counts = { "+": 0, "−": 0, "~": 0 };
      for (const node of row.nodes) {
        const status = statusOf.get(model.nodes[node]!.source);
        if (status) counts[status]++;
      }
      const found = (["+", "−", "~"] as const).filter((status) => counts[status] > 0);
      if (found.length === 0) return row.nodes.length ? { faint: true } : {};
      const words = { "+": "added", "−": "removed", "~": "changed" } as const;
      const word = (status: "+" | "−" | "~") =>
        row.nodes.length === 1 ? words[status] : `${counts[status]} ${words[status]}`;
      const note = found.map(word).join(", ");
      return { fill: fills[found[0]!], note };
    };
}

/** The bundle of a difference. */
export async function displayGraphDiff(
  { before, after }: GraphDiff,
  options: DisplayOptions & { names?: readonly [string, string] } = {},
): Promise<MimeBundle> {
  const match = matchGraphs(before, after);
  const [nameA, nameB] = (options.names ?? ["before", "after"]).map((name) => clip(name, 40)) as [string, string];
  const summary = `${nameA} → ${nameB} · ${plural(before.nodes.length, "node")} → ${after.nodes.length} · ${match.removed.length} removed, ${match.added.length} added, ${match.changed.length} changed`;
  const [a, b] = [countOps(before), countOps(after)];
  const ops = [...new Set([...a.keys(), ...b.keys()])]
    .map((op) => [clip(op, 40), a.get(op) ?? 0, b.get(op) ?? 0] as const)
    .filter(([, x, y]) => x !== y)
    .sort((p, q) => Math.abs(q[2] - q[1]) - Math.abs(p[2] - p[1]))
    .slice(0, 24)
    .map(([op, x, y]) => [op, String(x), String(y), y > x ? `+${y - x}` : `−${x - y}`]);
  const list = (mark: string, nodes: readonly Node[], max: number) => [
    ...nodes.slice(0, max).map((node) => [mark, clip(node.op, 30), clip(node.name, 48, "end")]),
    ...(nodes.length > max ? [[mark, `… ${nodes.length - max} more`, ""]] : []),
  ];
  const rows = (max: number) => [
    ...list("−", match.removed, max),
    ...list("+", match.added, max),
    ...list(
      "~",
      match.changed.map(([, node]) => node),
      max,
    ),
  ];
  const text = [
    summary,
    ...(ops.length ? [textTable(ops, ["left", "right", "right", "right"])] : []),
    textTable(rows(6)),
  ]
    .filter(Boolean)
    .join("\n");
  const statuses = (nodes: readonly Node[], status: "+" | "−", changed: readonly Node[]) =>
    new Map<Node, "+" | "−" | "~">([
      ...changed.map((n) => [n, "~"] as const),
      ...nodes.map((n) => [n, status] as const),
    ]);
  const [left, right] = await Promise.all([
    drawGraph(
      before,
      {
        marker: statusMarker(
          statuses(
            match.removed,
            "−",
            match.changed.map(([n]) => n),
          ),
        ),
      },
      9500,
    ),
    drawGraph(
      after,
      {
        marker: statusMarker(
          statuses(
            match.added,
            "+",
            match.changed.map(([, n]) => n),
          ),
        ),
      },
      9500,
    ),
  ]);
  const id = uniqueId();
  const cell = (value: string, right = false) => html`<td style="text-align:${right ? "right" : "left"}">${value}</td>`;
  return bundle(
    {
      text,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        ops.length
          ? html`<table><thead><tr><th>operator</th><th>${nameA}</th><th>${nameB}</th><th></th></tr></thead><tbody>${ops.map((row) => html`<tr>${row.map((value, i) => cell(value, i > 0))}</tr>`)}</tbody></table>`
          : undefined,
        html`<table><tbody><tr><td style="vertical-align:top;text-align:left"><b>${nameA}</b><br>${imageElement(left.picture, graphSummary(left.model))}</td><td style="vertical-align:top;text-align:left"><b>${nameB}</b><br>${imageElement(right.picture, graphSummary(right.model))}</td></tr></tbody></table>`,
        html`<div><small>− removed (red), + added (green), ~ changed (yellow), the rest faint</small></div>`,
        html`<details><summary>nodes</summary><table><tbody>${rows(60).map((row) => html`<tr>${row.map((value) => cell(value))}</tr>`)}</tbody></table></details>`,
      ),
      script: ops.length > 1 ? enhance(id, { sortable: {} }) : undefined,
      picture: right.picture,
    },
    options,
  );
}

registerDisplay("graph-diff", displayGraphDiff);
