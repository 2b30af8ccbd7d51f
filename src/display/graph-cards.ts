/** Cards: what is laid out. A card is a chain of nodes that only feed each other, a closed group, an input or an output. */

import { clip } from "../base/escape.ts";
import type { Group, OpenGroup } from "./graph-fold.ts";
import { type GraphModel, shortType, titleOf } from "./graph-model.ts";
import { formatCount } from "./text.ts";

export interface CardRow {
  readonly title: string;
  /** Shape of what the row gives. */
  readonly detail: string;
  /** Nodes behind the row. */
  readonly nodes: readonly number[];
  readonly key: string;
}

export interface Card {
  readonly id: number;
  readonly kind: "nodes" | "group" | "input" | "output";
  readonly rows: readonly CardRow[];
  readonly group?: Group;
}

export interface CardEdge {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** An open group around cards; nested. */
export interface Enclosure {
  readonly title: string;
  readonly cards: readonly number[];
  readonly inner: readonly Enclosure[];
}

export interface CardGraph {
  readonly cards: readonly Card[];
  readonly edges: readonly CardEdge[];
  readonly enclosure: Enclosure;
}

const maxChain = 7;

export function cardsOf(model: GraphModel, root: OpenGroup): CardGraph {
  const cards: Card[] = [];
  const owner = new Int32Array(model.nodes.length).fill(-1);
  const add = (card: Omit<Card, "id">): number => {
    cards.push({ ...card, id: cards.length });
    return cards.length - 1;
  };
  const inputs = model.inputs.map((input) =>
    add({
      kind: "input",
      rows: [
        {
          title: clip(input.name, 30, "middle"),
          detail: shortType(input.type),
          nodes: [],
          key: `input ${clip(input.name, 100)}`,
        },
      ],
    }),
  );

  const enclose = (open: OpenGroup, title: string): Enclosure => {
    const own: number[] = [];
    const inner: Enclosure[] = [];
    const here = new Set<number>();
    for (const part of open.parts) if (part.kind === "node") here.add(part.node);
    const rowOf = (index: number): CardRow => {
      const node = model.nodes[index]!;
      return {
        title: titleOf(node),
        detail: shortType(node.output),
        nodes: [index],
        key: `${clip(node.name, 120)} ${clip(node.op, 40)}`,
      };
    };
    /** The node that alone takes what this one alone gives, where both are seen here. */
    const next = (index: number): number | undefined => {
      const node = model.nodes[index]!;
      const to = node.consumers[0];
      if (node.isOutput || node.consumers.length !== 1 || to === undefined || !here.has(to)) return undefined;
      return model.nodes[to]!.producers.length === 1 ? to : undefined;
    };
    for (const part of open.parts) {
      if (part.kind === "open") {
        inner.push(
          enclose(
            part,
            part.group.copies ? `${clip(part.group.title, 40)}  ×${part.group.copies}` : clip(part.group.title, 40),
          ),
        );
      } else if (part.kind === "closed") {
        const { group } = part;
        const last = model.nodes[group.nodes.at(-1)!];
        const times = group.copies && group.signature !== -1 ? `${group.copies} × ` : "";
        const id = add({
          kind: "group",
          group,
          rows: [
            {
              title: times + clip(group.title, 36, group.path ? "middle" : "start"),
              detail: `${formatCount(group.nodes.length)} nodes  ${shortType(last?.output ?? "")}`,
              nodes: group.nodes,
              key: clip(`${group.path} ${group.title}`, 160),
            },
          ],
        });
        for (const node of group.nodes) owner[node] = id;
        own.push(id);
      } else if (owner[part.node] === -1) {
        // Nodes come in topological order, so the first one seen of a chain is its head.
        const chain: number[] = [];
        for (let at: number | undefined = part.node; at !== undefined && owner[at] === -1; at = next(at)) {
          owner[at] = cards.length;
          chain.push(at);
        }
        for (let start = 0; start < chain.length; start += maxChain) {
          const links = chain.slice(start, start + maxChain);
          const id = add({ kind: "nodes", rows: links.map(rowOf) });
          for (const link of links) owner[link] = id;
          own.push(id);
        }
      }
    }
    return { title, cards: own, inner };
  };
  const enclosure = enclose(root, "");

  const edges = new Map<string, CardEdge>();
  const connect = (from: number, to: number, type: string) => {
    if (from === to || from < 0 || to < 0) return;
    const key = `${from},${to}`;
    if (!edges.has(key)) edges.set(key, { from, to, label: shortType(type) });
  };
  for (const [index, node] of model.nodes.entries())
    for (const from of node.producers)
      if (from >= 0) connect(owner[from]!, owner[index]!, model.nodes[from]!.output);
      else connect(inputs[-1 - from]!, owner[index]!, model.inputs[-1 - from]!.type);
  for (const output of model.outputs) {
    const id = add({
      kind: "output",
      rows: [
        {
          title: clip(output.name, 30, "middle"),
          detail: shortType(output.type),
          nodes: [],
          key: `output ${clip(output.name, 100)}`,
        },
      ],
    });
    if (output.producer !== undefined) connect(owner[output.producer]!, id, output.type);
  }
  return { cards, edges: [...edges.values()], enclosure };
}
