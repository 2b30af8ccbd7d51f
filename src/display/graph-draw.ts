/** A laid-out card graph as a drawing, coloured by what an overlay says of its nodes. */

import { clip } from "../base/escape.ts";
import { cardColors, categoryColor, inkOn, neutral, scaleColor } from "./colors.ts";
import { advance } from "./glyphs.ts";
import type { Card, CardGraph, CardRow } from "./graph-cards.ts";
import type { Layout, Size } from "./graph-layout.ts";
import { polyline, Scene } from "./scene.ts";
import { formatNumber } from "./text.ts";

/** What is known of nodes beyond the graph: numbers become a heat, words become colours. */
export interface Overlay {
  readonly title: string;
  /** By node name; nodes it does not name stay plain. */
  readonly values: ReadonlyMap<string, number | string>;
  /** How numbers of folded nodes combine. Default "sum". */
  readonly combine?: "sum" | "max";
  readonly format?: (value: number) => string;
}

/** What is drawn of a row besides its texts. */
export interface Mark {
  readonly fill?: string;
  /** Value of the overlay, as text. */
  readonly note?: string;
  /** Drawn faint: not reached, or not changed. */
  readonly faint?: boolean;
  /** A frame of its own: where something failed. */
  readonly alert?: boolean;
}

export type Marker = (row: CardRow) => Mark;

const fontSize = 11;
const smallSize = 9;
const rowHeight = 17;
const shown = (text: string, max: number) => clip(text, max, "middle");

const strokeOf = { nodes: "#8a97a8", group: "#5f76a3", input: "#6ba171", output: "#b98a5f" } as const;

/** Colours of operator families, a thin stripe before the name. */
export function familyColor(op: string): string {
  if (/^(Conv|ConvTranspose|Gemm|MatMul|Linear|QLinear|ConvInteger|MatMulInteger|Einsum|Attention|FusedConv)/.test(op))
    return "#3b82c4";
  if (/(Norm|Normalization)$/.test(op)) return "#8a63c9";
  if (/Pool/.test(op)) return "#1f9aa8";
  if (
    /^(Relu|Gelu|Sigmoid|HardSwish|HardSigmoid|LeakyRelu|Clip|Tanh|Softmax|Erf|Silu|PRelu|Elu|Mish|LogSoftmax)/.test(op)
  )
    return "#3a9e5c";
  if (
    /^(Reshape|Transpose|Squeeze|Unsqueeze|Flatten|Concat|Split|Slice|Gather|Expand|Identity|Cast|Shape|Pad|Resize|Tile)/.test(
      op,
    )
  )
    return "#a08a1e";
  if (/(Quantize|Dequantize)/.test(op)) return "#c2487f";
  return "#7d838a";
}

/** Marks by an overlay; none where there is no overlay. */
export function overlayMarker(
  overlay: Overlay | undefined,
  nameOf: (node: number) => string,
): { marker: Marker; legend: string } {
  if (!overlay) return { marker: () => ({}), legend: "" };
  const combine = overlay.combine ?? "sum";
  const format = overlay.format ?? ((value: number) => formatNumber(value, 3));
  let top = 0;
  for (const value of overlay.values.values())
    if (typeof value === "number" && Number.isFinite(value)) top = Math.max(top, Math.abs(value));
  const words = new Set<string>();
  const marker: Marker = (row) => {
    let total: number | undefined;
    const found = new Map<string, number>();
    for (const node of row.nodes) {
      const value = overlay.values.get(nameOf(node));
      if (typeof value === "number")
        total = total === undefined ? value : combine === "sum" ? total + value : Math.max(total, value);
      else if (value !== undefined) found.set(value, (found.get(value) ?? 0) + 1);
    }
    if (total !== undefined) {
      if (Number.isNaN(total)) return { fill: "#ff00ff", note: "NaN" };
      const share = top > 0 ? Math.sqrt(Math.min(1, Math.abs(total) / top)) : 0;
      return { fill: scaleColor("diverging", 0.5 + share * 0.38), note: format(total) };
    }
    const [first] = [...found].sort((a, b) => b[1] - a[1]);
    if (!first) return {};
    for (const word of found.keys()) words.add(word);
    return { fill: lighten(categoryColor(first[0])), note: clip(first[0], 18) + (found.size > 1 ? " …" : "") };
  };
  const legend = top > 0 ? `${overlay.title}: white none, red ${format(top)}` : overlay.title;
  return { marker, legend };
}

function lighten(color: string): string {
  return `#${[1, 3, 5]
    .map((i) =>
      Math.round(Number.parseInt(color.slice(i, i + 2), 16) * 0.45 + 255 * 0.55)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

const textLength = (text: string, size: number) => [...text].length * size * advance;

export function cardSize(card: Card, marker: Marker): Size {
  let w = 60;
  for (const row of card.rows) {
    const note = marker(row).note ?? "";
    const detail = [shown(row.detail, 34), note].filter(Boolean).join("  ");
    w = Math.max(w, textLength(shown(row.title, 36), fontSize) + (detail ? 8 + textLength(detail, smallSize) : 0) + 18);
  }
  return { w: Math.min(480, w), h: card.rows.length * rowHeight + 5 };
}

export function drawCards(graph: CardGraph, layout: Layout, marker: Marker): Scene {
  const scene = new Scene(layout.width, layout.height);
  for (const { title, boxes } of layout.enclosures)
    for (const [i, box] of boxes.entries()) {
      scene.add({
        shape: "rect",
        ...box,
        radius: 6,
        stroke: neutral,
        width: 0.8,
        dash: "4 3",
        fill: neutral,
        opacity: 0.12,
      });
      scene.add({ shape: "rect", ...box, radius: 6, stroke: neutral, width: 0.8, dash: "4 3" });
      if (title && i === 0)
        scene.add({
          shape: "text",
          x: box.x + 5,
          y: box.y + 10,
          text: shown(title, Math.max(6, Math.floor(box.w / 5.6))),
          size: smallSize,
          fill: neutral,
        });
    }
  let cut = 0;
  for (const { pieces } of layout.edges) {
    const number = pieces.length > 1 ? String(++cut) : "";
    for (const [i, piece] of pieces.entries()) {
      if (piece.length < 2) continue;
      scene.add({ shape: "path", d: polyline(piece), stroke: neutral, width: 1.1 });
      const last = piece.at(-1)!;
      const before = piece.at(-2)!;
      if (i === pieces.length - 1) scene.add({ shape: "path", d: arrow(before, last), fill: neutral });
      else
        scene.add({
          shape: "text",
          x: last[0] + 3,
          y: last[1] - 1,
          text: `→ ${number}`,
          size: smallSize,
          fill: neutral,
        });
      if (i > 0)
        scene.add({
          shape: "text",
          x: piece[0]![0] + 3,
          y: piece[0]![1] + 8,
          text: `${number} →`,
          size: smallSize,
          fill: neutral,
        });
    }
  }
  for (const card of graph.cards) {
    const box = layout.cards[card.id]!;
    const marks = card.rows.map(marker);
    const faint = marks.every((mark) => mark.faint);
    const alert = marks.some((mark) => mark.alert);
    scene.add({
      shape: "rect",
      ...box,
      radius: card.kind === "input" || card.kind === "output" ? 9 : 3,
      // Faint is grey on grey, not see-through: that would vanish on a dark page.
      fill: faint ? cardColors.faint : cardColors[card.kind],
      stroke: alert ? "#d0342c" : faint ? "#a9b0b8" : strokeOf[card.kind],
      width: alert ? 2.5 : 1,
    });
    // A second edge behind a folded group: there is more in it.
    if (card.kind === "group")
      scene.add({
        shape: "path",
        d: `M${box.x + 3} ${box.y + box.h + 2.5}H${box.x + box.w + 2.5}V${box.y + 3}`,
        stroke: strokeOf.group,
        width: 1,
      });
    for (const [i, row] of card.rows.entries()) {
      const y = box.y + 2.5 + i * rowHeight;
      const mark = marks[i]!;
      const fill = mark.faint ? undefined : mark.fill;
      if (fill) scene.add({ shape: "rect", x: box.x + 1, y: y, w: box.w - 2, h: rowHeight, fill });
      const color = fill ? inkOn(fill) : mark.faint ? cardColors.faintInk : cardColors.ink;
      const title = shown(row.title, 36);
      if (card.kind === "nodes")
        scene.add({
          shape: "rect",
          x: box.x + 2,
          y: y + 2,
          w: 3,
          h: rowHeight - 4,
          fill: familyColor(row.title.split(" ")[0]!),
        });
      scene.add({
        shape: "text",
        x: box.x + 8,
        y: y + 12.5,
        text: title,
        size: fontSize,
        fill: color,
        key: row.key,
        title: `${row.key} ${row.detail} ${mark.note ?? ""}`.trim(),
      });
      const detail = [shown(row.detail, 34), mark.note ?? ""].filter(Boolean).join("  ");
      if (detail)
        scene.add({
          shape: "text",
          x: box.x + box.w - 5,
          y: y + 12,
          text: detail,
          size: smallSize,
          anchor: "end",
          fill: fill ? color : mark.faint ? cardColors.faintInk : cardColors.detail,
        });
    }
  }
  return scene;
}

function arrow(from: readonly [number, number], to: readonly [number, number]): string {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  const [bx, by] = [to[0] - dx * 7, to[1] - dy * 7];
  return polyline([to, [bx - dy * 3, by + dx * 3], [bx + dy * 3, by - dx * 3]], true);
}
