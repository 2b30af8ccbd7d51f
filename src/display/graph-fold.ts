/**
 * Folding: which nodes of a graph are seen as themselves and which behind a card, so that what is laid out stays small
 * whatever the graph's size. Scopes come from names; repeats are found in the sequence of operators; what is left and still
 * too long is cut into runs. Opening starts with the largest group and goes on while there is room.
 */

import { clip } from "../base/escape.ts";
import type { GraphModel } from "./graph-model.ts";
import { plural } from "./text.ts";

export interface Leaf {
  readonly kind: "node";
  readonly node: number;
}

export interface Group {
  readonly kind: "group";
  readonly title: string;
  /** Scope path, where it is one. */
  readonly path: string;
  readonly children: readonly Item[];
  readonly nodes: readonly number[];
  /** Equal for groups with the same operators in the same order. */
  readonly signature: number;
  /** Of a repeat: how many copies the children are. */
  readonly copies?: number;
}

export type Item = Leaf | Group;

/** Numbers for sequences of numbers: equal sequences, equal numbers. */
class Signatures {
  private readonly known = new Map<string, number>();
  of(key: string): number {
    let id = this.known.get(key);
    if (id === undefined) this.known.set(key, (id = this.known.size));
    return id;
  }
}

const nodesOf = (items: readonly Item[]): number[] => {
  const nodes: number[] = [];
  for (const item of items) {
    if (item.kind === "node") nodes.push(item.node);
    else for (const node of item.nodes) nodes.push(node);
  }
  return nodes;
};

const maxPeriod = 64;

/** The repetition that covers most of a sequence: at least three copies, the shorter period where equal. */
function longestRepeat(tokens: readonly number[], minCopies: number, periods: readonly [number, number]) {
  let best: { start: number; period: number; copies: number } | undefined;
  for (let period = periods[0]; period <= Math.min(periods[1], Math.floor(tokens.length / minCopies)); period++) {
    let run = 0;
    for (let i = 0; i + period <= tokens.length; i++) {
      if (i + period < tokens.length && tokens[i] === tokens[i + period]) {
        run++;
        continue;
      }
      const copies = Math.floor((run + period) / period);
      if (copies >= minCopies && (!best || copies * period > best.copies * best.period))
        best = { start: i - run, period, copies };
      run = 0;
    }
  }
  return best;
}

/** `Conv, Relu ×2, Add`. */
function summarise(model: GraphModel, nodes: readonly number[], max = 3): string {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(model.nodes[node]!.op, (counts.get(model.nodes[node]!.op) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const text = sorted.slice(0, max).map(([op, count]) => (count > 1 ? `${clip(op, 24)} ×${count}` : clip(op, 24)));
  return text.join(", ") + (sorted.length > max ? ", …" : "");
}

/** The graph as a tree of groups. `limit`: a list of children longer than this is folded further. */
export function groupNodes(model: GraphModel, limit: number): Group {
  const signatures = new Signatures();
  interface Scope {
    readonly items: (Leaf | Scope)[];
    readonly names: Map<string, Scope>;
    readonly path: string;
    readonly title: string;
  }
  const root: Scope = { items: [], names: new Map(), path: "", title: "" };
  for (const [index, node] of model.nodes.entries()) {
    let scope = root;
    for (const name of node.scopes.slice(0, 12)) {
      let inner = scope.names.get(name);
      if (!inner) {
        inner = { items: [], names: new Map(), path: scope.path ? `${scope.path}/${name}` : name, title: name };
        scope.names.set(name, inner);
        scope.items.push(inner);
      }
      scope = inner;
    }
    scope.items.push({ kind: "node", node: index });
  }

  const tokenOf = (item: Item) =>
    item.kind === "node" ? signatures.of(`op ${model.nodes[item.node]!.op}`) : item.signature;
  const group = (title: string, path: string, children: readonly Item[], copies?: number): Group => ({
    kind: "group",
    title,
    path,
    children,
    nodes: nodesOf(children),
    signature: signatures.of(children.map(tokenOf).join(",")),
    ...(copies ? { copies } : {}),
  });

  const foldRepeats = (
    children: Item[],
    minCopies: number,
    periods: readonly [number, number],
    enough: number,
  ): Item[] => {
    let items = children;
    while (items.length > enough) {
      const found = longestRepeat(items.map(tokenOf), minCopies, periods);
      if (!found) break;
      const { start, period, copies } = found;
      const blocks: Group[] = [];
      for (let copy = 0; copy < copies; copy++) {
        const part = items.slice(start + copy * period, start + (copy + 1) * period);
        const only = part[0];
        blocks.push(part.length === 1 && only?.kind === "group" ? only : group(`block ${copy + 1}`, "", part));
      }
      const first = blocks[0]!;
      const last = blocks.at(-1)!;
      const title =
        first.path && last.path
          ? `${clip(first.title, 18, "middle")} … ${clip(last.title, 18, "middle")}`
          : summarise(model, first.nodes);
      const repeat: Group = group(title, "", blocks, copies);
      items = [...items.slice(0, start), repeat, ...items.slice(start + copies * period)];
    }
    return items;
  };

  /** Runs of about equal length, cut where few values pass from one to the next. */
  const cutIntoRuns = (children: readonly Item[], count: number): Item[] => {
    const position = new Map<number, number>();
    for (const [i, child] of children.entries())
      for (const node of child.kind === "node" ? [child.node] : child.nodes) position.set(node, i);
    // passing[i]: values made before child i and read by it or later ones; as differences first.
    const passing = new Float64Array(children.length + 1);
    for (const [node, at] of position) {
      let last = at;
      for (const consumer of model.nodes[node]!.consumers) last = Math.max(last, position.get(consumer) ?? at);
      if (last > at) {
        passing[at + 1]!++;
        passing[last + 1]!--;
      }
    }
    for (let i = 1; i < passing.length; i++) passing[i]! += passing[i - 1]!;
    const before = [0]; // nodes before child i
    for (const child of children) before.push(before.at(-1)! + (child.kind === "node" ? 1 : child.nodes.length));
    const length = before.at(-1)! / count;
    const runs: Item[] = [];
    let start = 0;
    while (start < children.length) {
      // The cheapest place to stop at between half and one and a half of the wanted length.
      let end = start + 1;
      let cost = Number.POSITIVE_INFINITY;
      for (let i = start + 1; i <= children.length; i++) {
        const share = (before[i]! - before[start]!) / length;
        if (share > 1.5) break;
        const here = passing[i]! + 2 * Math.abs(share - 1);
        if (share >= 0.5 && here < cost) [end, cost] = [i, here];
        else if (cost === Number.POSITIVE_INFINITY) end = i;
      }
      const part = children.slice(start, end);
      runs.push(part.length === 1 ? part[0]! : group(summarise(model, nodesOf(part)), "", part));
      start = end;
    }
    return runs;
  };

  const build = (scope: Scope): Item => {
    let children: Item[] = scope.items.map((item) => ("kind" in item ? item : build(item)));
    // A scope that holds one thing only says nothing of its own.
    const only = children[0];
    if (scope !== root && only && children.length === 1) {
      if (only.kind === "node") return only;
      if (!only.copies) return { ...only, title: `${scope.title}/${only.title}` };
    }
    // Equal scopes beside each other are folded always, equal runs of operators only where room is short.
    if (children.some((child) => child.kind === "group")) children = foldRepeats(children, 3, [1, 8], 3);
    if (children.length > limit / 2) children = foldRepeats(children, 3, [2, maxPeriod], limit / 4);
    if (children.length > limit) children = cutIntoRuns(children, Math.max(4, Math.floor(limit / 2)));
    return group(scope.title, scope.path, children);
  };
  const tree = build(root);
  return tree.kind === "group" ? tree : group("", "", [tree]);
}

/** A group as it is drawn: open, with its parts, or closed. */
export interface OpenGroup {
  readonly group: Group;
  readonly parts: readonly Part[];
}
export type Part = Leaf | { readonly kind: "closed"; readonly group: Group } | ({ readonly kind: "open" } & OpenGroup);

/** What an open group consists of: of a repeat, its first copy and a card for the others. */
function partsOf(target: Group): Item[] {
  if (!target.copies) return [...target.children];
  const [first, ...rest] = target.children as [Group, ...Group[]];
  const others: Group = {
    kind: "group",
    title: `${plural(rest.length, "more copy", "more copies")} of it`,
    path: "",
    children: rest,
    nodes: nodesOf(rest),
    signature: -1,
    copies: rest.length,
  };
  return [first, others];
}

/** Names a group by what is in it, for those without a scope path. */
export function groupKey(group: Group): string {
  return `#${group.nodes[0]}+${group.nodes.length}`;
}

/** Whether `wanted` names the group, or something in it: scope paths, or keys of groups. */
function isWanted(group: Group, wanted: readonly string[]): boolean {
  return wanted.some((name) => {
    const [, first, count] = /^#(\d+)\+(\d+)$/.exec(name) ?? [];
    if (first !== undefined) return group.nodes.length >= Number(count) && group.nodes.includes(Number(first));
    return group.path !== "" && (name === group.path || name.startsWith(`${group.path}/`));
  });
}

/** Opens groups, the largest first, while at most `limit` parts are visible; `wanted` scopes are opened in any case. */
export function unfold(root: Group, limit: number, wanted: readonly string[] = []): OpenGroup {
  const open = new Set<Group>([root]);
  const parts = new Map<Group, Item[]>([[root, partsOf(root)]]);
  const candidates: Group[] = [];
  let visible = parts.get(root)!.length;
  const consider = (items: readonly Item[]) => {
    // Further copies stay closed unless they are asked for.
    for (const item of items)
      if (item.kind === "group" && (item.signature !== -1 || isWanted(item, wanted))) candidates.push(item);
  };
  consider(parts.get(root)!);
  while (candidates.length > 0) {
    let best = 0;
    const wants = (g: Group) => isWanted(g, wanted);
    const rank = (g: Group) => (wants(g) ? 1e9 : 0) + g.nodes.length;
    for (let i = 1; i < candidates.length; i++) if (rank(candidates[i]!) > rank(candidates[best]!)) best = i;
    const [next] = candidates.splice(best, 1);
    const inside = partsOf(next!);
    if (visible + inside.length - 1 > limit && !wants(next!)) continue;
    visible += inside.length - 1;
    open.add(next!);
    parts.set(next!, inside);
    consider(inside);
  }
  const view = (target: Group): OpenGroup => ({
    group: target,
    parts: parts.get(target)!.map((item): Part => {
      if (item.kind === "node") return item;
      return open.has(item) ? { kind: "open", ...view(item) } : { kind: "closed", group: item };
    }),
  });
  return view(root);
}
