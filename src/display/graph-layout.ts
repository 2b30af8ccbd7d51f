/** Where cards go: Graphviz places them, then a tall drawing is cut into columns, as text is. */
import type { CardGraph, Enclosure } from "./graph-cards.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** By card id. */
  readonly cards: readonly Box[];
  /** Edges as pieces of polylines; more than one piece where a column ends in between, then with a mark at the cut. */
  readonly edges: readonly { readonly index: number; readonly pieces: readonly (readonly [number, number])[][] }[];
  /** Enclosures outermost first, in pieces where a column ends in between. */
  readonly enclosures: readonly { readonly title: string; readonly boxes: readonly Box[] }[];
}

export interface Size {
  readonly w: number;
  readonly h: number;
}

type Viz = Awaited<ReturnType<typeof import("@viz-js/viz").instance>>;
let viz: Promise<Viz> | undefined;

const loadViz = (): Promise<Viz> => (viz ??= import("@viz-js/viz").then((module) => module.instance()));

/** The part of Graphviz's JSON output that is read here; lengths in points, y upwards. */
interface GraphvizOutput {
  readonly bb?: string;
  readonly objects?: readonly { readonly name: string; readonly pos?: string; readonly bb?: string }[];
  readonly edges?: readonly { readonly pos?: string; readonly index?: string }[];
}

function dotOf(graph: CardGraph, sizes: readonly Size[], simple: boolean): string {
  const inch = (points: number) => (points / 72).toFixed(3);
  const lines = [
    "digraph G {",
    `rankdir=TB nodesep=0.16 ranksep=${graph.edges.some((e) => e.label) ? 0.3 : 0.2} splines=${simple ? "line" : "spline"} newrank=true mclimit=${simple ? 0.3 : 1} nslimit=${simple ? 1 : 4}`,
    'node [shape=box fixedsize=true label=""] edge [arrowhead=none]',
  ];
  const enclose = (enclosure: Enclosure, name: string) => {
    if (name !== "c") lines.push(`subgraph cluster_${name} { margin=9 label="x" fontsize=9`);
    for (const id of enclosure.cards) lines.push(`n${id} [width=${inch(sizes[id]!.w)} height=${inch(sizes[id]!.h)}]`);
    for (const [i, inner] of enclosure.inner.entries()) enclose(inner, `${name}_${i}`);
    if (name !== "c") lines.push("}");
  };
  enclose(graph.enclosure, "c");
  for (const card of graph.cards)
    if (card.kind === "input" || card.kind === "output")
      lines.push(`n${card.id} [width=${inch(sizes[card.id]!.w)} height=${inch(sizes[card.id]!.h)}]`);
  for (const [i, edge] of graph.edges.entries()) lines.push(`n${edge.from} -> n${edge.to} [index="${i}"]`);
  lines.push("}");
  return lines.join("\n");
}

/** Points along a Graphviz spline (cubic Béziers end to end). */
function flatten(pos: string): [number, number][] {
  const numbers = pos
    .split(" ")
    .filter((part) => !/^[es],/.test(part))
    .map((part) => part.split(",").map(Number) as [number, number]);
  const points: [number, number][] = numbers[0] ? [numbers[0]] : [];
  for (let i = 1; i + 2 < numbers.length; i += 3) {
    const [a, b, c, d] = [numbers[i - 1]!, numbers[i]!, numbers[i + 1]!, numbers[i + 2]!];
    const straight =
      Math.abs((d[0] - a[0]) * (b[1] - a[1]) - (d[1] - a[1]) * (b[0] - a[0])) < 1 &&
      Math.abs((d[0] - a[0]) * (c[1] - a[1]) - (d[1] - a[1]) * (c[0] - a[0])) < 1;
    const steps = straight ? 1 : 6;
    for (let step = 1; step <= steps; step++) {
      const t = step / steps;
      const u = 1 - t;
      points.push([
        u ** 3 * a[0] + 3 * u * u * t * b[0] + 3 * u * t * t * c[0] + t ** 3 * d[0],
        u ** 3 * a[1] + 3 * u * u * t * b[1] + 3 * u * t * t * c[1] + t ** 3 * d[1],
      ]);
    }
  }
  return points;
}

const columnGap = 28;
const margin = 14;

/** Heights at which a drawing is cut so that it becomes about as wide as high, each in a gap between cards if one is near. */
function cutsOf(boxes: readonly Box[], frames: readonly Box[], width: number, height: number): number[] {
  const columns = Math.min(8, Math.round(Math.sqrt((1.3 * height) / (width + columnGap))));
  if (columns < 2 || height < 700) return [];
  const cuts: number[] = [];
  for (let i = 1; i < columns; i++) {
    const ideal = (i * height) / columns;
    let best = ideal;
    let cost = Number.POSITIVE_INFINITY;
    for (let y = ideal - height / columns / 3; y <= ideal + height / columns / 3; y += 4) {
      const crossed = boxes.filter((box) => box.y - 4 < y && box.y + box.h + 4 > y).length;
      const framed = frames.filter((box) => box.y < y && box.y + box.h > y).length;
      // Never through the title or the last line of a frame.
      const grazed = frames.filter((box) => Math.abs(y - box.y - 10) < 16 || Math.abs(y - box.y - box.h) < 10).length;
      const here = crossed * 1000 + grazed * 300 + framed * 60 + Math.abs(y - ideal);
      if (here < cost) [best, cost] = [y, here];
    }
    if (best > (cuts.at(-1) ?? 0) + 100) cuts.push(best);
  }
  return cuts;
}

export async function layOutCards(graph: CardGraph, sizes: readonly Size[]): Promise<Layout> {
  const engine = await loadViz();
  const simple = graph.cards.length > 150;
  const output = engine.renderJSON(dotOf(graph, sizes, simple), { yInvert: true }) as GraphvizOutput;
  const bounds = (output.bb ?? "0,0,100,100").split(",").map(Number) as [number, number, number, number];
  const width = bounds[2] - bounds[0];
  const height = Math.abs(bounds[3] - bounds[1]);
  const boxes: Box[] = graph.cards.map(() => ({ x: 0, y: 0, w: 1, h: 1 }));
  const clusters = new Map<string, Box>();
  for (const object of output.objects ?? []) {
    if (object.name.startsWith("cluster_") && object.bb) {
      const [x0, y0, x1, y1] = object.bb.split(",").map(Number) as [number, number, number, number];
      clusters.set(object.name.slice(8), { x: x0, y: Math.min(y0, y1), w: x1 - x0, h: Math.abs(y1 - y0) });
    } else if (object.pos && /^n\d+$/.test(object.name)) {
      const [x, y] = object.pos.split(",").map(Number) as [number, number];
      const id = Number(object.name.slice(1));
      const { w, h } = sizes[id]!;
      boxes[id] = { x: x - w / 2, y: y - h / 2, w, h };
    }
  }
  const cuts = cutsOf(boxes, [...clusters.values()], width, height);
  const starts = [0, ...cuts];
  const ends = [...cuts, height];
  const columnOf = (y: number) => cuts.filter((cut) => y >= cut).length;
  const place = (x: number, y: number, column: number): [number, number] => [
    margin + x + column * (width + columnGap),
    margin + y - starts[column]!,
  ];
  const edges = (output.edges ?? []).map((edge) => {
    const points = flatten(edge.pos ?? "");
    const pieces: [number, number][][] = [];
    let column = -1;
    for (const [i, [x, y]] of points.entries()) {
      const here = columnOf(y);
      if (here !== column && i > 0) {
        // The cut itself, at the end of one column and the start of the next one.
        const [px, py] = points[i - 1]!;
        const cut = cuts[Math.min(here, column)] ?? y;
        const t = y === py ? 0 : (cut - py) / (y - py);
        const cx = px + (x - px) * t;
        pieces.at(-1)?.push(place(cx, cut, column));
        pieces.push([place(cx, cut, here)]);
      } else if (i === 0) pieces.push([]);
      column = here;
      pieces.at(-1)!.push(place(x, y, here));
    }
    return { index: Number(edge.index ?? 0), pieces };
  });
  const enclosures: { title: string; boxes: Box[] }[] = [];
  const collect = (enclosure: Enclosure, name: string) => {
    const box = clusters.get(name);
    if (box) {
      const parts: Box[] = [];
      for (let column = 0; column < starts.length; column++) {
        const top = Math.max(box.y, starts[column]!);
        const bottom = Math.min(box.y + box.h, ends[column]!);
        if (bottom - top < 6) continue;
        const [x, y] = place(box.x, top, column);
        parts.push({ x, y, w: box.w, h: bottom - top });
      }
      enclosures.push({ title: enclosure.title, boxes: parts });
    }
    for (const [i, inner] of enclosure.inner.entries()) collect(inner, `${name}_${i}`);
  };
  collect(graph.enclosure, "c");
  return {
    width: starts.length * width + (starts.length - 1) * columnGap + 2 * margin,
    height: Math.max(...starts.map((start, i) => ends[i]! - start)) + 2 * margin,
    cards: boxes.map((box) => {
      const [x, y] = place(box.x, box.y, columnOf(box.y + box.h / 2));
      return { ...box, x, y };
    }),
    edges,
    enclosures,
  };
}
