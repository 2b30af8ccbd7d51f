/** A graph: folded until it can be seen, laid out, listed; with what an overlay knows of its nodes. */
import { display, type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { clip, type Html, html, markup } from "../base/escape.ts";
import { formatBytes } from "../base/shapes.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { enhance, packText, uniqueId } from "./enhance.ts";
import { type CardGraph, type CardRow, cardsOf } from "./graph-cards.ts";
import { cardSize, drawCards, type Marker, type Overlay, overlayMarker } from "./graph-draw.ts";
import { type Group, groupKey, groupNodes, type OpenGroup, type Part, unfold } from "./graph-fold.ts";
import { layOutCards } from "./graph-layout.ts";
import { attributesText, type GraphModel, modelOf, titleOf, weightsText } from "./graph-model.ts";
import { type Answer, live, type Question } from "./live.ts";
import type { Scene } from "./scene.ts";
import { formatCount, plural, textTable } from "./text.ts";

export interface GraphOptions extends DisplayOptions {
  /** Nodes and folded groups seen at once, 300 at most. Default 32. */
  readonly maxNodes?: number;
  /** Scopes that are opened in any case, as `layer1/block0`. */
  readonly open?: string | readonly string[];
  readonly overlay?: Overlay;
  /** Name of the node a run failed at: what comes after it is drawn faint. */
  readonly failedAt?: string;
  /** Groups open and nodes tell more when pressed, while the kernel has the graph. Default true. */
  readonly live?: boolean;
  /** The page becomes a part of another one: no picture beside it, which leaves more room for the drawing. */
  readonly isPart?: boolean;
  /** Further marks; used by displays that build on this one. */
  readonly marker?: (model: GraphModel) => Marker;
}

/** Bytes a graph's picture may have; it is in an output twice, as base64. */
const pictureMaxBytes = 17_500;

export interface DrawnGraph {
  readonly model: GraphModel;
  readonly view: OpenGroup;
  readonly scene: Scene;
  readonly picture: Picture;
  readonly legend: string;
  readonly marker: Marker;
  readonly cards: CardGraph;
}

function failedMarker(model: GraphModel, name: string, inner: Marker): Marker {
  const at = model.nodes.findIndex((node) => node.name === name);
  return (row) => {
    const mark = inner(row);
    if (at < 0 || row.nodes.length === 0) return mark;
    if (row.nodes.includes(at))
      return { ...mark, alert: true, note: [mark.note, "failed here"].filter(Boolean).join(" "), fill: "#f7c6c3" };
    return row.nodes[0]! > at ? { ...mark, faint: true } : mark;
  };
}

/** Folds, lays out and draws; with fewer nodes until the picture is small enough. */
export async function drawGraph(
  graph: Graph,
  options: GraphOptions = {},
  maxPictureBytes = pictureMaxBytes,
): Promise<DrawnGraph> {
  const model = modelOf(graph);
  const wanted = (typeof options.open === "string" ? [options.open] : (options.open ?? [])).map((path) =>
    path.replace(/^\/+|\/+$/g, ""),
  );
  const { marker: base, legend } = overlayMarker(options.overlay, (node) => model.nodes[node]!.name);
  const given = options.marker?.(model);
  let marker: Marker = given ? (row) => ({ ...base(row), ...given(row) }) : base;
  if (options.failedAt !== undefined) marker = failedMarker(model, options.failedAt, marker);
  let limit = Math.max(8, Math.min(300, options.maxNodes ?? 32));
  let smallest = 0.7;
  for (;;) {
    const view = unfold(groupNodes(model, limit), limit, wanted);
    const cards = cardsOf(model, view);
    const sizes = cards.cards.map((card) => cardSize(card, marker));
    const layout = await layOutCards(cards, sizes);
    const scene = drawCards(cards, layout, marker);
    // Wide drawings are scaled down as far as letters stay letters.
    const scale = Math.max(smallest, Math.min(1, 1100 / scene.width));
    const picture = await scene.toPng({ scale, colors: options.overlay || options.marker ? 32 : 16 });
    const fits = picture.bytes.length <= maxPictureBytes;
    if (fits || smallest < 0.3) return { model, view, scene, picture, legend, marker, cards };
    if (limit > 10 && options.maxNodes === undefined)
      limit = Math.max(10, Math.floor(limit * Math.min(0.8, (maxPictureBytes / picture.bytes.length) * 1.1)));
    else smallest *= 0.75;
  }
}

/** `graph "det" · 342 nodes · …`. */
export function graphSummary(model: GraphModel): string {
  return [
    `graph ${JSON.stringify(clip(model.name || "graph", 50))}`,
    plural(model.nodes.length, "node"),
    `${plural(model.inputs.length, "input")}, ${plural(model.outputs.length, "output")}`,
    model.constants > 0 ? `${formatCount(model.constants)} constants of ${formatBytes(model.constantBytes)}` : "",
    model.opsets ? `opset ${clip(model.opsets, 60)}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

function portLines(model: GraphModel): string[] {
  const line = (word: string) => (port: { name: string; type: string }) =>
    `${word} ${clip(port.name, 60)}: ${port.type || "?"}`;
  const few = <T>(list: readonly T[], show: (item: T) => string) =>
    list.length > 4 ? [...list.slice(0, 3).map(show), `… ${list.length - 3} more`] : list.map(show);
  return [...few(model.inputs, line("in ")), ...few(model.outputs, line("out"))];
}

function operatorCounts(model: GraphModel): [string, number][] {
  const counts = new Map<string, number>();
  for (const node of model.nodes) counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** The visible tree as indented lines. */
function listText(model: GraphModel, view: OpenGroup, marker: Marker): string {
  const rows: string[][] = [];
  const walk = (open: OpenGroup, indent: string) => {
    for (const part of open.parts) {
      if (rows.length > 60) return;
      if (part.kind === "node") {
        const node = model.nodes[part.node]!;
        const note = marker({ title: "", detail: "", nodes: [part.node], key: "" }).note ?? "";
        rows.push([`${indent}${titleOf(node)}`, node.output, note]);
      } else {
        const { group } = part;
        const copies = group.copies && group.signature !== -1 ? `${group.copies} × ` : "";
        const last = model.nodes[group.nodes.at(-1)!];
        const note = marker({ title: "", detail: "", nodes: group.nodes, key: "" }).note ?? "";
        rows.push([
          `${indent}${part.kind === "open" ? "▾" : "▸"} ${copies}${clip(group.title, 40)} (${plural(group.nodes.length, "node")})`,
          last?.output ?? "",
          note,
        ]);
        if (part.kind === "open") walk(part, `${indent}  `);
      }
    }
  };
  walk(view, "");
  return textTable(rows, ["left", "left", "right"]);
}

/** The tree as nested details: closed groups open in place, until the budget of bytes is used up. */
function listHtml(model: GraphModel, view: OpenGroup, marker: Marker, maxBytes: number): Html {
  let left = maxBytes;
  let skipped = 0;
  const take = (part: Html): Html => {
    left -= Buffer.byteLength(part.text);
    return part;
  };
  const nodeRow = (index: number): Html | undefined => {
    if (left <= 0) {
      skipped++;
      return undefined;
    }
    const node = model.nodes[index]!;
    const note = marker({ title: "", detail: "", nodes: [index], key: "" }).note ?? "";
    return take(
      html`<tr><td>${clip(node.op, 30)}</td><td>${clip(node.name, 48, "end")}</td><td>${node.output}</td><td>${clip([attributesText(node.source, 90), weightsText(node)].filter(Boolean).join(" · "), 140)}</td><td>${note}</td></tr>`,
    );
  };
  const table = (rows: readonly (Html | undefined)[]) =>
    rows.some(Boolean) ? html`<table><tbody>${rows}</tbody></table>` : undefined;
  const walk = (parts: readonly Part[]): (Html | undefined)[] => {
    const out: (Html | undefined)[] = [];
    let rows: (Html | undefined)[] = [];
    const flush = () => {
      out.push(table(rows));
      rows = [];
    };
    for (const part of parts) {
      if (part.kind === "node") {
        rows.push(nodeRow(part.node));
        continue;
      }
      flush();
      const { group } = part;
      if (left <= 0) {
        skipped += group.nodes.length;
        continue;
      }
      const copies = group.copies && group.signature !== -1 ? `${group.copies} × ` : "";
      const note = marker({ title: "", detail: "", nodes: group.nodes, key: "" }).note ?? "";
      const head = take(
        html`<summary>${copies}${clip(group.title, 60)} <small>${plural(group.nodes.length, "node")}, ${model.nodes[group.nodes.at(-1)!]?.output}${note ? ` · ${note}` : ""}</small></summary>`,
      );
      // Of copies the first is enough to read.
      const first = group.copies ? group.children[0] : undefined;
      const inside =
        part.kind === "open"
          ? walk(part.parts)
          : first?.kind === "group"
            ? [table(first.nodes.slice(0, 40).map(nodeRow))]
            : [table(group.nodes.slice(0, 40).map(nodeRow))];
      if (part.kind === "closed" && group.nodes.length > 40 && !group.copies) skipped += group.nodes.length - 40;
      out.push(html`<details style="margin-left:1em">${head}${inside}</details>`);
    }
    flush();
    return out;
  };
  const body = walk(view.parts);
  const rest =
    skipped > 0
      ? html`<p><small>… ${plural(skipped, "more node")}: display with { open: "scope" } or a larger maxBytes shows them</small></p>`
      : undefined;
  return html`<details><summary>nodes, attributes, weights</summary>${body}${rest}</details>`;
}

/** The bundle of a graph. */
export async function displayGraph(graph: Graph, options: GraphOptions = {}): Promise<MimeBundle> {
  return (await showGraph(graph, options)).bundle;
}

async function showGraph(graph: Graph, options: GraphOptions): Promise<{ bundle: MimeBundle; drawn: DrawnGraph }> {
  const id = uniqueId();
  const share = (options.maxBytes ?? 65_536) / 65_536;
  const drawn = await drawGraph(graph, options, pictureMaxBytes * share);
  const { model, view, picture, scene, legend, marker } = drawn;
  const summary = graphSummary(model);
  const counts = operatorCounts(model);
  const operators = counts.slice(0, 24).map(([op, count]) => `${clip(op, 40)} ×${count}`);
  const failed = options.failedAt === undefined ? [] : [`failed at ${clip(options.failedAt, 60)}`];
  const folded =
    view.parts.length > 0 && drawnParts(view) < model.nodes.length ? "folded groups have a double edge" : "";
  const notes = [legend, ...failed, folded].filter(Boolean).join(" · ");
  const script = enhance(id, { drawing: { svg: packText(scene.toSvg()) } });
  // The list takes what the picture, twice where it is beside the page too, and the drawing leave.
  const taken = 6000 + (picture.bytes.length * (options.isPart ? 4 : 8)) / 3 + script.text.length;
  const listBytes = Math.max(3000, Math.min(12_000 * share, (options.maxBytes ?? 65_536) - taken));
  const text = [
    summary,
    ...portLines(model),
    `operators: ${operators.slice(0, 10).join(", ")}${counts.length > 10 ? ", …" : ""}`,
    ...(notes ? [notes] : []),
    ...(options.overlay ? [topOverlay(model, options.overlay)] : []),
    listText(model, view, marker),
  ]
    .filter(Boolean)
    .join("\n");
  const made = bundle(
    {
      text,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<div>${portLines(model).map((line) => html`<div>${line}</div>`)}</div>`,
        html`<div>${imageElement(picture, summary)}</div>`,
        notes ? html`<div><small>${notes}</small></div>` : undefined,
        options.overlay ? html`<pre>${topOverlay(model, options.overlay)}</pre>` : undefined,
        html`<details><summary>${plural(counts.length, "operator")}</summary>${operators.join(", ")}${counts.length > 24 ? ", …" : ""}</details>`,
        listHtml(model, view, marker, listBytes),
      ),
      script,
      ...(options.isPart ? {} : { picture }),
    },
    options,
  );
  return { bundle: options.live === false ? made : liveGraph(made, graph, options, drawn), drawn };
}

/** Bytes of an answer: it is shown and not kept. */
const answerMaxBytes = 512 * 1024;
/** Constants of a pressed node that are shown. */
const maxWeights = 4;

function liveGraph(shown: MimeBundle, graph: Graph, options: GraphOptions, first: DrawnGraph): MimeBundle {
  const given = typeof options.open === "string" ? [options.open] : (options.open ?? []);
  const search = { name: "find", label: "open or show", type: "search" } as const;
  let latest = { open: given.join("\n"), drawn: first };
  const page = { controls: [search], clicks: true };
  return live(shown, graph, first.model.constantBytes, options, page, async (value, question): Promise<Answer> => {
    const open = strings(question["open"]) ?? given;
    // What the page shows is what it pressed: drawn again where another page has moved on.
    if (latest.open !== open.join("\n"))
      latest = { open: open.join("\n"), drawn: await drawGraph(value, { ...options, open }, answerMaxBytes / 3) };
    const target = pressed(latest.drawn, question);
    if (!target) throw new InferlabError("ARGUMENT", "nothing here has that name");
    if (target.group) {
      const next = [...open, groupKey(target.group)];
      const shown = await showGraph(value, { ...options, open: next, maxBytes: answerMaxBytes, live: false });
      latest = { open: next.join("\n"), drawn: shown.drawn };
      return { bundle: shown.bundle, state: { open: next } };
    }
    return { bundle: await displayNode(latest.drawn.model, target.row.nodes[0]!), below: true, state: { open } };
  });
}

const strings = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;

interface Pressed {
  readonly row: CardRow;
  readonly group: Group | undefined;
}

/** The row that a page's question is about: what was pressed in the drawing, or the first that has a text in its name. */
function pressed({ cards, model }: DrawnGraph, { key, nth, find }: Question): Pressed | undefined {
  const rows = cards.cards.flatMap((card) => card.rows.map((row): Pressed => ({ row, group: card.group })));
  if (typeof find === "string") {
    const text = find.toLowerCase();
    const names = ({ row }: Pressed) => row.nodes.some((node) => model.nodes[node]!.name.toLowerCase().includes(text));
    const node = model.nodes.findIndex(({ name }) => name === find);
    if (node >= 0) return { row: { title: "", detail: "", key: "", nodes: [node] }, group: undefined };
    return rows.find(({ row }) => row.nodes.length && row.key.toLowerCase().includes(text)) ?? rows.find(names);
  }
  const like = rows.filter(({ row }) => row.nodes.length && row.key === key);
  return like[typeof nth === "number" ? nth : 0] ?? like[0];
}

/** One node: its ports, attributes, and the tensors it holds. */
async function displayNode(model: GraphModel, index: number): Promise<MimeBundle> {
  const node = model.nodes[index]!;
  const weights = node.source.inputs.filter((value) => value?.isConstant === true);
  const shown = await Promise.all(
    weights.slice(0, maxWeights).map(async (value) => {
      const tensor = value!.constant;
      const page =
        tensor && (await display("tensor", tensor, { name: value!.name, maxBytes: answerMaxBytes / maxWeights }));
      return page ? markup(String(page["text/html"])) : html`<div>${clip(value!.name, 80)}</div>`;
    }),
  );
  const more = weights.length - shown.length;
  const text = `${node.op} ${JSON.stringify(clip(node.name, 100))} → ${node.output}`;
  const page = frame(
    uniqueId(),
    html`<hr><div><b>${text}</b></div>`,
    html`<div>${attributesText(node.source, 1000)}</div>`,
    shown,
    more > 0 ? html`<div>… ${plural(more, "more constant")}</div>` : undefined,
  );
  return { "text/html": page.text, "text/plain": text };
}

function drawnParts(view: OpenGroup): number {
  let count = 0;
  for (const part of view.parts) count += part.kind === "open" ? drawnParts(part) : 1;
  return count;
}

/** The five nodes with the largest values, or how many nodes have which word. */
function topOverlay(model: GraphModel, overlay: Overlay): string {
  const format = overlay.format ?? String;
  const numbers: [string, number, string][] = [];
  const words = new Map<string, number>();
  for (const node of model.nodes) {
    const value = overlay.values.get(node.name);
    if (typeof value === "number") numbers.push([node.name, value, node.op]);
    else if (value !== undefined) words.set(value, (words.get(value) ?? 0) + 1);
  }
  if (words.size > 0)
    return `${overlay.title}: ${[...words]
      .slice(0, 8)
      .map(([word, count]) => `${clip(word, 30)} ×${count}`)
      .join(", ")}`;
  if (numbers.length === 0) return `${overlay.title}: nothing known of these nodes`;
  numbers.sort((a, b) => (Number.isNaN(b[1]) ? 1 : 0) - (Number.isNaN(a[1]) ? 1 : 0) || b[1] - a[1]);
  return [
    `${overlay.title}, largest:`,
    textTable(
      numbers
        .slice(0, 5)
        .map(([name, value, op]) => [
          `  ${clip(op, 24)}`,
          clip(name, 48, "end"),
          Number.isNaN(value) ? "NaN" : format(value),
        ]),
      ["left", "left", "right"],
    ),
  ].join("\n");
}

registerDisplay("graph", displayGraph);
