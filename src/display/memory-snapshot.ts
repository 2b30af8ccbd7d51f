/** The native pool at one time, what changed between two times, and what happened in between. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html, markup } from "../base/escape.ts";
import { formatBytes } from "../base/shapes.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { uniqueId } from "./enhance.ts";
import { displayHeapMap, displayMemoryTimeline } from "./memory.ts";
import { formatCount, formatShare, plural, textTable } from "./text.ts";

type Cells = readonly (readonly string[])[];

/** What is shown of a snapshot, as `memory.snapshot()` makes it. */
export interface SnapshotFigures {
  readonly stats: {
    readonly liveBytes: number;
    readonly peakBytes: number;
    readonly allocations: number;
    readonly frees: number;
  };
  readonly regions: readonly {
    readonly bytes: number;
    readonly liveBytes: number;
    readonly kind: "slab" | "block" | "free";
    readonly owner: string;
    readonly scope: string;
  }[];
  readonly bins: readonly {
    readonly blockBytes: number;
    readonly slabs: number;
    readonly live: number;
    readonly allocations: number;
  }[];
  readonly threads: readonly { readonly thread: number; readonly slabs: number; readonly liveBytes: number }[];
  readonly fragmentation: number;
}

const rowsOf = (head: readonly string[], rows: Cells) =>
  html`<table><thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td style="text-align:left">${cell}</td>`)}</tr>`)}</tbody></table>`;

/** The bundle of a snapshot: the pool's addresses one after another, who has them, small blocks by size and thread. */
export function displayMemorySnapshot(snapshot: SnapshotFigures, options: DisplayOptions = {}): MimeBundle {
  const { stats, regions, bins, threads, fragmentation } = snapshot;
  let offset = 0;
  const parts = regions.map(({ bytes, kind, owner, scope }) => {
    const label = kind === "slab" ? "blocks up to 8 KiB" : [owner || "unnamed", scope].filter(Boolean).join(" · ");
    const part = { offset, sizeBytes: bytes, label, state: kind === "free" ? ("free" as const) : ("used" as const) };
    offset += bytes;
    return part;
  });
  const summary = [
    `memory ${formatBytes(stats.liveBytes)} live`,
    `peak ${formatBytes(stats.peakBytes)}`,
    `${formatCount(stats.allocations - stats.frees)} blocks of ${formatCount(stats.allocations)} allocated`,
    `fragmentation ${formatShare(fragmentation, 1)}`,
  ].join(" · ");
  const map = displayHeapMap({ name: "in the order of addresses", sizeBytes: offset, regions: parts });
  const binRows = bins
    .filter(({ slabs }) => slabs > 0)
    .map(({ blockBytes, slabs, live, allocations }) => [
      formatBytes(blockBytes),
      formatCount(live),
      formatBytes(live * blockBytes),
      formatCount(slabs),
      formatCount(allocations),
    ]);
  const binHead = ["block", "live", "bytes", "slabs", "allocations"];
  const threadRows = threads
    .filter(({ slabs }) => slabs > 0)
    .map(({ thread, slabs, liveBytes }) => [`thread ${thread}`, formatBytes(liveBytes), plural(slabs, "slab")]);
  return bundle(
    {
      text: [
        summary,
        String(map["text/plain"]),
        ...(binRows.length ? [textTable([binHead, ...binRows], ["right", "right", "right", "right", "right"])] : []),
        ...(threadRows.length ? [textTable(threadRows, ["left", "right", "right"])] : []),
      ].join("\n"),
      html: frame(
        uniqueId(),
        html`<div><b>${summary}</b></div>`,
        // Made by the display of a heap, which escaped what it was given.
        markup(String(map["text/html"] ?? "")),
        html`<details><summary>small blocks by size and thread</summary>${rowsOf(binHead, binRows)}${rowsOf(["thread", "bytes", "slabs"], threadRows)}</details>`,
      ),
    },
    options,
  );
}

export interface DifferenceFigures {
  readonly liveBytes: number;
  readonly owners: readonly {
    readonly owner: string;
    readonly scope: string;
    readonly bytes: number;
    readonly blocks: number;
  }[];
}

const signed = (bytes: number) => `${bytes < 0 ? "−" : "+"}${formatBytes(Math.abs(bytes))}`;

/** The bundle of a difference: one row an owner and place. */
export function displayMemoryDifference(difference: DifferenceFigures, options: DisplayOptions = {}): MimeBundle {
  const shown = difference.owners.slice(0, 30);
  const more = difference.owners.length - shown.length;
  const summary = `memory ${signed(difference.liveBytes)} · ${plural(difference.owners.length, "owner")} changed${more > 0 ? `, the ${shown.length} with the greatest change` : ""}`;
  const rows = shown.map(({ owner, scope, bytes, blocks }) => [
    clip(owner, 40),
    clip(scope || "–", 40),
    signed(bytes),
    `${blocks < 0 ? "−" : "+"}${formatCount(Math.abs(blocks))}`,
  ]);
  const head = ["owner", "made at", "bytes", "blocks"];
  return bundle(
    {
      text: [summary, ...(rows.length ? [textTable([head, ...rows], ["left", "left", "right", "right"])] : [])].join(
        "\n",
      ),
      html: frame(uniqueId(), html`<div><b>${summary}</b></div>`, rowsOf(head, rows)),
    },
    options,
  );
}

export interface RecordingFigures {
  readonly events: readonly { readonly timeUs: number; readonly bytes: number }[];
  readonly peakBytes: number;
}

/** The bundle of a recording: live bytes over time. */
export function displayMemoryRecording(recording: RecordingFigures, options: DisplayOptions = {}): Promise<MimeBundle> {
  let live = 0;
  const samples = recording.events.flatMap(({ timeUs, bytes }) => {
    const before = live;
    live += bytes;
    return [
      { timeMs: timeUs / 1000, bytes: before },
      { timeMs: timeUs / 1000, bytes: live },
    ];
  });
  return displayMemoryTimeline({ name: plural(recording.events.length, "event"), samples }, options);
}

registerDisplay("memory-snapshot", displayMemorySnapshot);
registerDisplay("memory-difference", displayMemoryDifference);
registerDisplay("memory-recording", displayMemoryRecording);
