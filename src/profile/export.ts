/**
 * Traces for other tools. Chrome's Trace Event Format (chrome://tracing, ui.perfetto.dev; document "Trace Event Format", 2016),
 * speedscope's own (speedscope.app/file-format-schema.json, version 0.0.1) and CSV (RFC 4180). Times are microseconds.
 */
import type { Trace, TraceEvent } from "../runtime/trace.ts";

/** Something that took time on a thread; `path` are the groups it is in, outermost first. */
interface Slice {
  readonly name: string;
  readonly path: readonly string[];
  readonly startUs: number;
  readonly endUs: number;
  readonly thread: number;
  readonly category: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** A part of a timeline that was recorded on its own: a run of an engine, or the JavaScript of a cell. */
export interface TimelinePart {
  readonly name: string;
  /** Microseconds from the beginning of the timeline. */
  readonly offsetUs: number;
  readonly slices: readonly Slice[];
  /** Bytes in use, by time since the part began. */
  readonly memory?: readonly { readonly timeUs: number; readonly bytes: number }[];
}

/** What can be exported: one trace, or whatever has a timeline. */
export type Exportable = Trace | { timeline(): readonly TimelinePart[] };

const scopesOf = (name: string): string[] => name.split("/").slice(0, -1).filter(Boolean);

function sliceOf(event: TraceEvent): Slice {
  const { node, op, kernel, startUs, endUs, thread, flops, bytes, outputs } = event;
  const output = outputs[0];
  return {
    name: `${op} ${node}`,
    path: scopesOf(node),
    startUs,
    endUs,
    thread,
    category: op,
    args: { node, op, kernel, flops, bytes, ...(output ? { output: `${output.dtype}[${output.shape.join()}]` } : {}) },
  };
}

/** An instruction on the thread that waited for it, and what others did of it on theirs. */
const slicesOf = (event: TraceEvent): Slice[] => [
  sliceOf(event),
  ...(event.stints ?? [])
    .filter((stint) => stint.thread !== event.thread)
    .map(
      ({ thread, startUs, endUs }): Slice => ({
        ...sliceOf(event),
        thread,
        startUs,
        endUs,
        // Operations and bytes are told once, so that sums are right.
        args: { node: event.node, op: event.op, kernel: event.kernel },
      }),
    ),
];

/** A trace as a part of a timeline. */
export function traceTimeline(trace: Trace, offsetUs = 0): TimelinePart {
  const memory = trace.events.flatMap((event) =>
    event.liveBytes === undefined ? [] : [{ timeUs: event.startUs, bytes: event.liveBytes }],
  );
  return { name: `${trace.engine} ${trace.graph}`.trim(), offsetUs, slices: trace.events.flatMap(slicesOf), memory };
}

const partsOf = (source: Exportable): readonly TimelinePart[] =>
  "timeline" in source ? source.timeline() : [traceTimeline(source)];

export interface ChromeTrace {
  readonly traceEvents: readonly Readonly<Record<string, unknown>>[];
  readonly displayTimeUnit: "ms";
}

/**
 * As Chrome's tracing and Perfetto read it: `JSON.stringify` it into a file.
 *
 * @example
 * writeFileSync("run.json", JSON.stringify(chromeTrace(trace)));
 */
export function chromeTrace(source: Exportable): ChromeTrace {
  const traceEvents: Record<string, unknown>[] = [];
  for (const [index, part] of partsOf(source).entries()) {
    const pid = index + 1;
    traceEvents.push({ name: "process_name", ph: "M", pid, tid: 0, ts: 0, args: { name: part.name } });
    for (const thread of [...new Set(part.slices.map((slice) => slice.thread))].sort((a, b) => a - b))
      traceEvents.push({ name: "thread_name", ph: "M", pid, tid: thread, ts: 0, args: { name: `thread ${thread}` } });
    for (const { name, category, startUs, endUs, thread, args } of part.slices)
      traceEvents.push({
        name,
        cat: category,
        ph: "X",
        ts: part.offsetUs + startUs,
        dur: Math.max(0, endUs - startUs),
        pid,
        tid: thread,
        args,
      });
    for (const { timeUs, bytes } of part.memory ?? [])
      traceEvents.push({ name: "memory", ph: "C", ts: part.offsetUs + timeUs, pid, tid: 0, args: { bytes } });
  }
  return { traceEvents, displayTimeUnit: "ms" };
}

export interface Speedscope {
  readonly $schema: "https://www.speedscope.app/file-format-schema.json";
  readonly shared: { readonly frames: readonly { readonly name: string }[] };
  readonly profiles: readonly {
    readonly type: "evented";
    readonly name: string;
    readonly unit: "microseconds";
    readonly startValue: number;
    readonly endValue: number;
    readonly events: readonly { readonly type: "O" | "C"; readonly frame: number; readonly at: number }[];
  }[];
  readonly exporter: string;
  readonly name: string;
}

/** As speedscope reads it: a flame chart a thread, scopes around their nodes. */
export function speedscope(source: Exportable): Speedscope {
  const frames: { name: string }[] = [];
  const indices = new Map<string, number>();
  const frameOf = (name: string): number => {
    let index = indices.get(name);
    if (index === undefined) indices.set(name, (index = frames.push({ name }) - 1));
    return index;
  };
  const parts = partsOf(source);
  const profiles: Speedscope["profiles"][number][] = [];
  for (const part of parts)
    for (const thread of [...new Set(part.slices.map((slice) => slice.thread))].sort((a, b) => a - b)) {
      const slices = part.slices
        .filter((slice) => slice.thread === thread)
        .sort((a, b) => a.startUs - b.startUs || b.endUs - a.endUs);
      const events: { type: "O" | "C"; frame: number; at: number }[] = [];
      /** Open frames: those of slices end by themselves, those of scopes when another scope begins. */
      const open: { frame: number; endUs: number; scope: string | undefined }[] = [];
      let at = part.offsetUs;
      const close = () => events.push({ type: "C", frame: open.pop()!.frame, at });
      for (const { name, path, startUs, endUs } of slices) {
        const start = Math.max(at, part.offsetUs + startUs);
        while (open.length > 0 && open.at(-1)!.scope === undefined && open.at(-1)!.endUs <= start) {
          at = Math.max(at, open.at(-1)!.endUs);
          close();
        }
        // A slice inside another one keeps the stack as it is; between slices the scopes change.
        if (!open.some((frame) => frame.scope === undefined)) {
          const shared = open.findIndex((frame, depth) => frame.scope !== path[depth]);
          const keep = shared < 0 ? Math.min(open.length, path.length) : shared;
          while (open.length > keep) close();
          at = start;
          for (const scope of path.slice(keep)) {
            const frame = frameOf(scope);
            open.push({ frame, endUs: Number.POSITIVE_INFINITY, scope });
            events.push({ type: "O", frame, at });
          }
        }
        at = start;
        const around = open.findLast((frame) => frame.scope === undefined);
        const frame = frameOf(name);
        const end = Math.max(at, part.offsetUs + endUs);
        open.push({ frame, endUs: around ? Math.min(around.endUs, end) : end, scope: undefined });
        events.push({ type: "O", frame, at });
      }
      while (open.length > 0) {
        const { endUs } = open.at(-1)!;
        if (Number.isFinite(endUs)) at = Math.max(at, endUs);
        close();
      }
      profiles.push({
        type: "evented",
        name: `${part.name} · thread ${thread}`,
        unit: "microseconds",
        startValue: events[0]?.at ?? 0,
        endValue: events.at(-1)?.at ?? 0,
        events,
      });
    }
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    shared: { frames },
    profiles,
    exporter: "inferlab",
    name: parts.map((part) => part.name).join(", "),
  };
}

const cell = (value: unknown): string => {
  const text = String(value ?? "");
  // A leading sign of a formula is text here, also to a spreadsheet.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** One line an instruction, a header first. */
export function traceCsv(source: Exportable): string {
  const columns = [
    "part",
    "name",
    "category",
    "thread",
    "start_us",
    "end_us",
    "node",
    "op",
    "kernel",
    "flops",
    "bytes",
    "output",
  ];
  const lines = [columns.join(",")];
  for (const part of partsOf(source))
    for (const { name, category, thread, startUs, endUs, args } of part.slices)
      lines.push(
        [
          part.name,
          name,
          category,
          thread,
          (part.offsetUs + startUs).toFixed(3),
          (part.offsetUs + endUs).toFixed(3),
          ...["node", "op", "kernel", "flops", "bytes", "output"].map((key) => args[key]),
        ]
          .map(cell)
          .join(","),
      );
  return `${lines.join("\r\n")}\r\n`;
}
