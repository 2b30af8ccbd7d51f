/** Memory: a plan as a skyline, a heap as a map, a run as a line over time. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import { formatBytes, formatMs } from "../base/shapes.ts";
import type { PlannedMemory } from "../compiler/plan/plan-memory.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { displayChart } from "./chart.ts";
import { categories } from "./colors.ts";
import { uniqueId } from "./enhance.ts";
import { encodePng } from "./png.ts";
import { columnChart, formatCount, formatShare, plural, textTable } from "./text.ts";

/** Palette of the pictures here: clear, categories, a free ground, a dark line. */
const groundIndex = categories.length + 1;
const lineIndex = categories.length + 2;

function palette(): Uint8Array {
  const colors = new Uint8Array((categories.length + 3) * 4);
  for (const [i, color] of categories.entries())
    colors.set([1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)).concat(255), (i + 1) * 4);
  colors.set([125, 131, 138, 45], groundIndex * 4);
  colors.set([30, 36, 44, 255], lineIndex * 4);
  return colors;
}

class Raster {
  readonly width: number;
  readonly height: number;
  private readonly indices: Uint8Array;

  constructor(width: number, height: number, ground = groundIndex) {
    this.width = width;
    this.height = height;
    this.indices = new Uint8Array(width * height).fill(ground);
  }

  /** A filled rectangle, edges included once they are a pixel apart, with an outline where it is large enough. */
  fill(x0: number, y0: number, x1: number, y1: number, color: number): void {
    const left = Math.max(0, Math.floor(x0));
    const right = Math.min(this.width, Math.max(left + 1, Math.ceil(x1)));
    const top = Math.max(0, Math.floor(y0));
    const bottom = Math.min(this.height, Math.max(top + 1, Math.ceil(y1)));
    for (let y = top; y < bottom; y++) this.indices.fill(color, y * this.width + left, y * this.width + right);
    if (right - left < 5 || bottom - top < 5) return;
    this.indices.fill(lineIndex, top * this.width + left, top * this.width + right);
    for (let y = top; y < bottom; y++) this.indices[y * this.width + left] = lineIndex;
  }

  picture(): Picture {
    const { width, height, indices } = this;
    return { type: "image/png", bytes: encodePng({ width, height, indices, palette: palette() }), width, height };
  }
}

/** The bundle of a plan: time to the right, offset upwards, a rectangle a buffer. Sizes in bytes. */
export function displayMemoryPlan({ name, buffers, plan }: PlannedMemory, options: DisplayOptions = {}): MimeBundle {
  const [width, height] = [640, 240];
  const end = buffers.reduce((latest, b) => Math.max(latest, b.upper), 0);
  const start = buffers.reduce((first, b) => Math.min(first, b.lower), end);
  const total = buffers.reduce((sum, b) => sum + b.size, 0);
  const gap = plan.height - plan.lowerBound;
  const summary = [
    `memory plan${name ? ` ${clip(name, 50)}` : ""}`,
    plural(buffers.length, "buffer"),
    `arena ${formatBytes(plan.height)}`,
    `lower bound ${formatBytes(plan.lowerBound)}${gap > 0 ? ` (gap ${formatShare(gap, plan.lowerBound)})` : plan.optimal ? " (reached)" : ""}`,
    `without sharing ${formatBytes(total)}`,
  ].join(" · ");
  const id = uniqueId();
  if (buffers.length === 0 || plan.height === 0 || end <= start)
    return bundle({ text: summary, html: frame(id, html`<b>${summary}</b>`) }, options);
  const raster = new Raster(width, height);
  const x = (time: number) => ((time - start) / (end - start)) * width;
  const y = (offset: number) => height - (offset / plan.height) * height;
  for (const [i, buffer] of buffers.entries())
    raster.fill(
      x(buffer.lower),
      y(plan.offsets[i]! + buffer.size),
      x(buffer.upper),
      y(plan.offsets[i]!),
      (i % categories.length) + 1,
    );
  // Bytes alive over time, in 56 columns.
  const columns = 56;
  const change = new Float64Array(columns + 1);
  for (const b of buffers) {
    change[Math.floor(((b.lower - start) / (end - start)) * columns)]! += b.size;
    change[Math.min(columns, Math.ceil(((b.upper - start) / (end - start)) * columns))]! -= b.size;
  }
  let live = 0;
  const levels = Array.from({ length: columns }, (_, i) => (live += change[i]!));
  const largest = buffers
    .map((b, i) => ({ b, offset: plan.offsets[i]! }))
    .sort((p, q) => q.b.size - p.b.size)
    .slice(0, 8);
  const rows = largest.map(({ b, offset }) => [
    clip(String(b.id), 40),
    formatBytes(b.size),
    `at ${formatBytes(offset)}`,
    `steps ${b.lower}–${b.upper}`,
  ]);
  const picture = raster.picture();
  return bundle(
    {
      text: [summary, `alive ▕${columnChart(levels)}▏`, textTable(rows, ["left", "right", "left", "left"])].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<div>${imageElement(picture, summary)}</div>`,
        html`<div><small>steps ${start} to ${end} to the right, 0 to ${formatBytes(plan.height)} upwards, a rectangle a buffer, grey free</small></div>`,
        html`<details><summary>largest buffers</summary><table><tbody>${rows.map((row) => html`<tr>${row.map((value) => html`<td style="text-align:left">${value}</td>`)}</tr>`)}</tbody></table></details>`,
      ),
      picture,
    },
    options,
  );
}

export interface HeapMap {
  readonly kind?: "heap-map";
  readonly name?: string;
  readonly sizeBytes: number;
  readonly regions: readonly {
    readonly offset: number;
    readonly sizeBytes: number;
    readonly label?: string;
    readonly state?: "used" | "free" | "cached";
  }[];
}

/** The bundle of a heap: addresses run along rows, as text does. */
export function displayHeapMap(heap: HeapMap, options: DisplayOptions = {}): MimeBundle {
  const used = heap.regions.filter((r) => (r.state ?? "used") !== "free");
  const bytes = used.reduce((sum, r) => sum + r.sizeBytes, 0);
  const holes = freeRuns(heap);
  const largestHole = Math.max(0, ...holes);
  const free = heap.sizeBytes - bytes;
  const summary = [
    `heap${heap.name ? ` ${clip(heap.name, 40)}` : ""} ${formatBytes(heap.sizeBytes)}`,
    `${formatShare(bytes, heap.sizeBytes)} used by ${plural(used.length, "block")}`,
    `largest hole ${formatBytes(largestHole)}`,
    free > 0 ? `fragmentation ${formatShare(free - largestHole, free)}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  const id = uniqueId();
  if (!(heap.sizeBytes > 0)) return bundle({ text: summary, html: frame(id, html`<b>${summary}</b>`) }, options);
  const [width, rowCount, rowHeight] = [640, 16, 10];
  const raster = new Raster(width, rowCount * rowHeight);
  const perRow = heap.sizeBytes / rowCount;
  const labels = new Map<string, number>();
  const colorOf = (label: string) => {
    if (!labels.has(label)) labels.set(label, (labels.size % categories.length) + 1);
    return labels.get(label)!;
  };
  for (const region of used) {
    const color = colorOf(region.state === "cached" ? "cached" : (region.label ?? "used"));
    const last = region.offset + region.sizeBytes;
    for (let row = Math.floor(region.offset / perRow); row * perRow < last && row < rowCount; row++) {
      const from = Math.max(0, (region.offset - row * perRow) / perRow);
      const to = Math.min(1, (last - row * perRow) / perRow);
      raster.fill(from * width, row * rowHeight, to * width, (row + 1) * rowHeight - 2, color);
    }
  }
  const cells = 56 * 4;
  const share = new Float64Array(cells);
  for (const region of used)
    for (
      let cell = Math.floor((region.offset / heap.sizeBytes) * cells);
      cell < cells && (cell * heap.sizeBytes) / cells < region.offset + region.sizeBytes;
      cell++
    ) {
      const low = Math.max(region.offset, (cell * heap.sizeBytes) / cells);
      const high = Math.min(region.offset + region.sizeBytes, ((cell + 1) * heap.sizeBytes) / cells);
      share[cell]! += (Math.max(0, high - low) * cells) / heap.sizeBytes;
    }
  const lines = Array.from({ length: 4 }, (_, row) =>
    Array.from(share.subarray(row * 56, (row + 1) * 56), (v) => " ░▒▓█"[Math.min(4, Math.ceil(v * 4 - 1e-9))]).join(""),
  );
  const groups = new Map<string, number>();
  for (const region of used)
    groups.set(region.label ?? "used", (groups.get(region.label ?? "used") ?? 0) + region.sizeBytes);
  const owners = [...groups]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([label, size]) => [clip(label, 40), formatBytes(size), formatShare(size, heap.sizeBytes)]);
  const picture = raster.picture();
  return bundle(
    {
      text: [summary, ...lines, textTable(owners, ["left", "right", "right"])].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<div>${imageElement(picture, summary)}</div>`,
        html`<div><small>addresses run along rows of ${formatBytes(perRow)}; grey is free</small></div>`,
        html`<table><tbody>${owners.map((row) => html`<tr>${row.map((value) => html`<td style="text-align:left">${value}</td>`)}</tr>`)}</tbody></table>`,
      ),
      picture,
    },
    options,
  );
}

function freeRuns(heap: HeapMap): number[] {
  const sorted = heap.regions.filter((r) => (r.state ?? "used") !== "free").toSorted((a, b) => a.offset - b.offset);
  const runs: number[] = [];
  let at = 0;
  for (const region of sorted) {
    if (region.offset > at) runs.push(region.offset - at);
    at = Math.max(at, region.offset + region.sizeBytes);
  }
  if (heap.sizeBytes > at) runs.push(heap.sizeBytes - at);
  return runs;
}

export interface MemoryTimeline {
  readonly kind?: "memory-timeline";
  readonly name?: string;
  readonly samples: readonly { readonly timeMs: number; readonly bytes: number }[];
  readonly limitBytes?: number;
}

/** The bundle of memory in use over time. */
export async function displayMemoryTimeline(
  timeline: MemoryTimeline,
  options: DisplayOptions = {},
): Promise<MimeBundle> {
  const { samples } = timeline;
  const peak = samples.reduce((most, s) => (s.bytes > most.bytes ? s : most), samples[0] ?? { timeMs: 0, bytes: 0 });
  const title = `${timeline.name ? `${clip(timeline.name, 40)}: ` : ""}memory · peak ${formatBytes(peak.bytes)} at ${formatMs(peak.timeMs)} · ${formatCount(samples.length)} samples`;
  const mib = (bytes: number) => bytes / 2 ** 20;
  const series = [
    { name: "in use", x: samples.map((s) => s.timeMs), y: samples.map((s) => mib(s.bytes)) },
    ...(timeline.limitBytes !== undefined && samples.length > 1
      ? [
          {
            name: "limit",
            x: [samples[0]!.timeMs, samples.at(-1)!.timeMs],
            y: [mib(timeline.limitBytes), mib(timeline.limitBytes)],
          },
        ]
      : []),
  ];
  return displayChart({ series }, { type: "line", title, xLabel: "ms", yLabel: "MiB", ...options });
}

registerDisplay("memory-plan", displayMemoryPlan);
registerDisplay("heap-map", displayHeapMap);
registerDisplay("memory-timeline", displayMemoryTimeline);
