/** A trace: where the time of a run went, by operator and by node, and when each thread worked. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, type Html, html } from "../base/escape.ts";
import { formatBytes, formatMs, formatType } from "../base/shapes.ts";
import type { Trace, TraceEvent } from "../runtime/trace.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { categories } from "./colors.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { encodePng } from "./png.ts";
import { bar, formatShare, formatSi, plural, textTable } from "./text.ts";

export interface TraceOptions extends DisplayOptions {
  /** Nodes listed. Default 30. */
  readonly top?: number;
}

interface Total {
  readonly key: string;
  count: number;
  us: number;
  flops: number;
  bytes: number;
  reference: number;
}

const formatUs = (us: number) => formatMs(us / 1000);
const rate = (amount: number, us: number, unit: string) =>
  us > 0 && amount > 0 ? `${formatSi((amount / us) * 1e6)}${unit}` : "";

/** Totals of events by a key, longest first. */
export function totalsBy(events: readonly TraceEvent[], key: (event: TraceEvent) => string): Total[] {
  const totals = new Map<string, Total>();
  for (const event of events) {
    const name = key(event);
    let total = totals.get(name);
    if (!total) totals.set(name, (total = { key: name, count: 0, us: 0, flops: 0, bytes: 0, reference: 0 }));
    total.count++;
    total.us += event.endUs - event.startUs;
    total.flops += event.flops;
    total.bytes += event.bytes;
    if (event.kernel === "reference") total.reference++;
  }
  return [...totals.values()].sort((a, b) => b.us - a.us);
}

const laneHeight = 18;
const timelineWidth = 640;

/** What an event looks like in a timeline: a bar a thread that worked on it. */
function barsOf(
  event: TraceEvent,
): readonly { readonly thread: number; readonly startUs: number; readonly endUs: number }[] {
  const { stints } = event;
  // The thread that waits has the whole instruction, what it did beside its tasks (layouts, tables) with it.
  return stints ? [event, ...stints.filter((stint) => stint.thread !== event.thread)] : [event];
}

const laneText = ({ lane }: TraceEvent): string =>
  lane ? `, lane ${lane.lane + 1} of ${lane.of} in group ${lane.group + 1}` : "";

const numLanes = ({ events }: Trace): number => {
  let most = 0;
  for (const event of events) for (const { thread } of barsOf(event)) most = Math.max(most, thread);
  return Math.min(64, 1 + most);
};

const timelineEnd = ({ events, wallUs }: Trace): number =>
  events.reduce((latest, event) => Math.max(latest, event.endUs), wallUs);

/** Data of the `timeline` feature for these events of a trace. */
export function timelineData(
  trace: Trace,
  events: readonly TraceEvent[],
  colorOf: ReadonlyMap<string, number>,
): object {
  const tenths = (us: number) => Math.round(us * 10) / 10;
  return {
    wall: timelineEnd(trace),
    lanes: numLanes(trace),
    colors: categories,
    isPart: events.length < trace.events.length,
    events: events.flatMap((event) =>
      barsOf(event).map(({ thread, startUs, endUs }) => [
        tenths(startUs),
        tenths(endUs),
        thread,
        `${clip(event.node, 50, "end")} · ${clip(event.op, 24)} · ${formatUs(endUs - startUs)}${laneText(event)}${event.stints ? ` on thread ${thread}` : ""}`,
        (colorOf.get(event.op) ?? 0) - 1,
      ]),
    ),
  };
}

/** As many of the longest events as a page may carry, in the order of time. */
export function drawable(events: readonly TraceEvent[]): readonly TraceEvent[] {
  const most = Math.floor(400 / Math.max(1, ...events.slice(0, 64).map((event) => barsOf(event).length)));
  if (events.length <= most) return events;
  return [...events]
    .sort((a, b) => b.endUs - b.startUs - (a.endUs - a.startUs))
    .slice(0, most)
    .sort((a, b) => a.startUs - b.startUs);
}

/** A lane a thread, time to the right, a colour an operator (the rarer ones share grey). */
export function timelinePicture(trace: Trace, colorOf: ReadonlyMap<string, number>): Picture | undefined {
  const lanes = numLanes(trace);
  const end = timelineEnd(trace);
  if (!(end > 0)) return undefined;
  const height = lanes * laneHeight;
  const indices = new Uint8Array(timelineWidth * height);
  const [lane, other] = [categories.length + 1, categories.length + 2];
  for (let y = 0; y < height; y++)
    if (y % laneHeight >= 2) indices.fill(lane, y * timelineWidth, (y + 1) * timelineWidth);
  for (const event of trace.events) {
    const color = colorOf.get(event.op) ?? other;
    for (const { thread, startUs, endUs } of barsOf(event)) {
      const from = Math.max(0, Math.floor((startUs / end) * timelineWidth));
      const to = Math.min(timelineWidth, Math.max(from + 1, Math.ceil((endUs / end) * timelineWidth)));
      if (thread < 0 || thread >= lanes) continue;
      for (let y = thread * laneHeight + 2; y < (thread + 1) * laneHeight; y++) {
        indices.fill(color, y * timelineWidth + from, y * timelineWidth + to);
        // A clear line between neighbours that are wide enough to be told apart.
        if (to - from > 3) indices[y * timelineWidth + to - 1] = 0;
      }
    }
  }
  const palette = new Uint8Array((categories.length + 3) * 4);
  for (const [i, color] of categories.entries())
    palette.set([1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)).concat(255), (i + 1) * 4);
  palette.set([125, 131, 138, 40], lane * 4);
  palette.set([125, 131, 138, 255], other * 4);
  return {
    type: "image/png",
    bytes: encodePng({ width: timelineWidth, height, indices, palette }),
    width: timelineWidth,
    height,
  };
}

/** What to look at first, in words. */
function advice(trace: Trace, byOp: readonly Total[], busyUs: number): string[] {
  const lines: string[] = [];
  const first = byOp[0];
  if (first && busyUs > 0 && first.us / busyUs > 0.4)
    lines.push(
      `${clip(first.key, 40)} takes ${formatShare(first.us, busyUs)} of the time in ${plural(first.count, "call")}.`,
    );
  const fallback = trace.events.filter((event) => event.kernel === "reference");
  if (fallback.length > 0 && trace.engine !== "reference") {
    const us = fallback.reduce((sum, event) => sum + event.endUs - event.startUs, 0);
    const ops = [...new Set(fallback.map((event) => event.op))].slice(0, 5).map((op) => clip(op, 30));
    lines.push(
      `${plural(fallback.length, "node")} ran on the slow reference (${ops.join(", ")}): ${formatShare(us, busyUs)} of the time.`,
    );
  }
  const workedUs = trace.events.reduce(
    (sum, { stints, startUs, endUs }) => sum + (stints?.reduce((us, stint) => us + stint.busyUs, 0) ?? endUs - startUs),
    0,
  );
  const idle = trace.wallUs * Math.max(1, trace.threads) - workedUs;
  if (trace.threads > 1 && idle > 0 && idle / (trace.wallUs * trace.threads) > 0.5 && numLanes(trace) > 1)
    lines.push(
      `The ${trace.threads} threads were idle ${formatShare(idle, trace.wallUs * trace.threads)} of the time.`,
    );
  return lines;
}

/** The bundle of a trace. */
export function displayTrace(trace: Trace, options: TraceOptions = {}): MimeBundle {
  const { events } = trace;
  const busyUs = events.reduce((sum, event) => sum + event.endUs - event.startUs, 0);
  const flops = events.reduce((sum, event) => sum + event.flops, 0);
  const bytes = events.reduce((sum, event) => sum + event.bytes, 0);
  const summary = [
    `trace ${clip(trace.engine, 20)}${trace.graph ? ` · ${clip(trace.graph, 40)}` : ""}`,
    formatUs(trace.wallUs),
    plural(events.length, "instruction"),
    plural(trace.threads, "thread"),
    flops > 0 ? `${formatSi(flops)}FLOP, ${rate(flops, trace.wallUs, "FLOP/s")}` : "",
    bytes > 0 ? `${formatBytes(bytes)} moved, ${rate(bytes, trace.wallUs, "B/s")}` : "",
    trace.tensors.size > 0 ? `${plural(trace.tensors.size, "tensor")} captured` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  const id = uniqueId();
  if (events.length === 0) return bundle({ text: summary, html: frame(id, html`<b>${summary}</b>`) }, options);
  const byOp = totalsBy(events, (event) => event.op);
  const colorOf = new Map(byOp.slice(0, categories.length).map((total, i) => [total.key, i + 1]));
  const longest = byOp[0]!.us || 1;
  const opRow = (total: Total, width: number) => [
    clip(total.key, 30),
    String(total.count),
    formatUs(total.us),
    formatShare(total.us, busyUs),
    bar(total.us / longest, width),
    rate(total.flops, total.us, "FLOP/s"),
    rate(total.bytes, total.us, "B/s"),
  ];
  const hints = advice(trace, byOp, busyUs);
  const text = [
    summary,
    textTable(
      byOp.slice(0, 9).map((total) => opRow(total, 12)),
      ["left", "right", "right", "right", "left", "right", "right"],
    ),
    byOp.length > 9 ? `… ${byOp.length - 9} more operators` : "",
    ...hints,
  ]
    .filter(Boolean)
    .join("\n");

  const ops = byOp.slice(0, 24);
  const swatch = (op: string): Html => {
    const color = categories[(colorOf.get(op) ?? 0) - 1];
    return color ? html`<span style="color:${color}">■</span> ` : html`  `;
  };
  const cells = (values: readonly string[]) =>
    values.map((value, i) => html`<td style="text-align:${i === 0 || i === 4 ? "left" : "right"}">${value}</td>`);
  const opTable = html`<table><thead><tr><th>operator</th><th>calls</th><th>time</th><th>share</th><th></th><th>FLOP/s</th><th>bytes/s</th></tr></thead><tbody>${ops.map(
    (total) => {
      const [name, ...rest] = opRow(total, 16);
      return html`<tr><td style="text-align:left">${swatch(total.key)}${name}</td>${cells(["", ...rest]).slice(1)}</tr>`;
    },
  )}</tbody></table>${byOp.length > ops.length ? html`<p>… ${byOp.length - ops.length} more operators</p>` : undefined}`;
  const top = Math.max(0, Math.min(200, options.top ?? 30));
  const byTime = [...events].sort((a, b) => b.endUs - b.startUs - (a.endUs - a.startUs)).slice(0, top);
  const longestNode = byTime[0] ? byTime[0].endUs - byTime[0].startUs || 1 : 1;
  const nodeTable = html`<details><summary>${byTime.length < events.length ? `longest ${byTime.length} of ${events.length}` : plural(events.length, "instruction")}</summary><table><thead><tr><th>node</th><th>operator</th><th>kernel</th><th>time</th><th></th><th>FLOP/s</th><th>output</th></tr></thead><tbody>${byTime.map(
    (event) => {
      const us = event.endUs - event.startUs;
      const output = event.outputs[0];
      return html`<tr>${[
        clip(event.node, 50, "end"),
        clip(event.op, 24),
        clip(event.kernel, 36),
        formatUs(us),
        bar(us / longestNode, 10),
        rate(event.flops, us, "FLOP/s"),
        output ? clip(formatType(output.dtype, output.shape), 40) : "",
      ].map((value, i) => html`<td style="text-align:${i === 3 || i === 5 ? "right" : "left"}">${value}</td>`)}</tr>`;
    },
  )}</tbody></table></details>`;
  const picture = timelinePicture(trace, colorOf);
  const drawnEvents = drawable(events);
  return bundle(
    {
      text,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        hints.length ? html`<ul>${hints.map((hint) => html`<li>${hint}</li>`)}</ul>` : undefined,
        opTable,
        picture
          ? html`<div>${imageElement(picture, "timeline: a lane a thread, time to the right")}</div><div><small>time to the right, ${formatUs(trace.wallUs)} in all, a lane a thread; colours as in the table</small></div>`
          : undefined,
        nodeTable,
      ),
      script: enhance(id, {
        sortable: {},
        ...(picture ? { timeline: timelineData(trace, drawnEvents, colorOf) } : {}),
      }),
      picture,
    },
    options,
  );
}

registerDisplay("trace", displayTrace);
