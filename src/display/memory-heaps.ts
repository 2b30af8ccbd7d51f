/** The heaps of sessions: a row each, and the outputs of those that are gone. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html, markup } from "../base/escape.ts";
import { formatBytes } from "../base/shapes.ts";
import type { HeapReport } from "../runtime/engine.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { uniqueId } from "./enhance.ts";
import { displayHeapMap } from "./memory.ts";
import { formatCount, formatShare, plural, textTable } from "./text.ts";

/** Heaps shown, and tensors. */
const mostRows = 40;

const head = ["heap", "live", "peak", "limit", "blocks", "weights", "outputs", "arenas, at most"];
const aligns = ["left", "right", "right", "right", "right", "right", "right", "right"] as const;

function row({ name, liveBytes, peakBytes, limitBytes, blocks, byKind, closed }: HeapReport): string[] {
  return [
    `${clip(name || "unnamed", 40)}${closed ? " (closed)" : ""}`,
    formatBytes(liveBytes),
    formatBytes(peakBytes),
    limitBytes === undefined ? "–" : `${formatBytes(limitBytes)}, ${formatShare(liveBytes, limitBytes)} used`,
    formatCount(blocks),
    formatBytes(byKind.weights.bytes),
    formatBytes(byKind.outputs.bytes),
    formatBytes(byKind.arenas.peakBytes),
  ];
}

const rowsOf = (titles: readonly string[], rows: readonly (readonly string[])[]) =>
  html`<table><thead><tr>${titles.map((cell) => html`<th>${cell}</th>`)}</tr></thead><tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td style="text-align:left">${cell}</td>`)}</tr>`)}</tbody></table>`;

/** Tensors by name and place, those with the most bytes first. */
function tensorRows(heaps: readonly HeapReport[]): string[][] {
  const groups = new Map<string, { heap: string; name: string; scope: string; bytes: number; count: number }>();
  for (const { id, name: heap, tensors } of heaps) {
    for (const { name, scope, bytes } of tensors) {
      const key = [id, name, scope].join("\0");
      const group = groups.get(key) ?? { heap, name, scope, bytes: 0, count: 0 };
      group.bytes += bytes;
      group.count++;
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, mostRows)
    .map(({ heap, name, scope, bytes, count }) => [
      clip(name || "unnamed", 40),
      clip(heap || "unnamed", 40),
      clip(scope || "–", 40),
      formatCount(count),
      formatBytes(bytes),
    ]);
}

/** The bundle of the heaps of a process; `poolBytes`: what the pool holds in all. */
export function displayMemoryHeaps(
  heaps: readonly HeapReport[] & { readonly poolBytes?: number },
  options: DisplayOptions = {},
): MimeBundle {
  const live = heaps.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
  const lost = heaps.filter(({ closed }) => closed);
  const summary = [
    `${plural(heaps.length, "heap")} ${formatBytes(live)} live`,
    heaps.poolBytes === undefined ? "" : `the pool holds ${formatBytes(heaps.poolBytes)}`,
    lost.length > 0 ? `${plural(lost.length, "heap")} of sessions that are gone` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  const rows = heaps.slice(0, mostRows).map(row);
  const more = heaps.length - rows.length;
  if (more > 0) rows.push([`… ${formatCount(more)} more`, "", "", "", "", "", "", ""]);
  const tensors = tensorRows(heaps);
  const tensorHead = ["output that lives", "heap", "made at", "tensors", "bytes"];
  let offset = 0;
  const regions = heaps.flatMap(({ name, byKind }) =>
    (["weights", "outputs", "scratch", "arenas"] as const).flatMap((kind) => {
      const { bytes } = byKind[kind];
      if (bytes === 0) return [];
      const region = { offset, sizeBytes: bytes, label: `${clip(name || "unnamed", 30)} · ${kind}` };
      offset += bytes;
      return [region];
    }),
  );
  const map = displayHeapMap({ name: "by session and kind", sizeBytes: offset, regions });
  return bundle(
    {
      text: [
        summary,
        ...(rows.length ? [textTable([head, ...rows], [...aligns])] : []),
        ...(tensors.length ? [textTable([tensorHead, ...tensors], ["left", "left", "left", "right", "right"])] : []),
      ].join("\n"),
      html: frame(
        uniqueId(),
        html`<div><b>${summary}</b></div>`,
        rowsOf(head, rows),
        // Made by the display of a heap, which escaped what it was given.
        offset > 0 ? markup(String(map["text/html"] ?? "")) : html``,
        tensors.length
          ? html`<details${lost.length > 0 ? markup(" open") : ""}><summary>outputs that live</summary>${rowsOf(tensorHead, tensors)}</details>`
          : html``,
      ),
    },
    options,
  );
}

registerDisplay("memory-heaps", displayMemoryHeaps);
registerDisplay("memory-heap", (heap: HeapReport, options?: DisplayOptions) => displayMemoryHeaps([heap], options));
