/** A profile: advice, time by operator and by instruction, timeline, roofline, memory over time. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, type Html, html } from "../base/escape.ts";
import { formatBytes, formatMs, formatType } from "../base/shapes.ts";
import type { GroupProfile, InstructionProfile, Profile } from "../profile/profile.ts";
import type { Sample } from "../profile/statistics.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { categories, neutral } from "./colors.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { drawRoofline, type RooflinePoint } from "./roofline.ts";
import { polyline, Scene } from "./scene.ts";
import { bar, columnChart, formatSi, plural, textTable } from "./text.ts";
import { drawable, timelineData, timelinePicture } from "./trace.ts";

export interface ProfileDisplayOptions extends DisplayOptions {
  /** Instructions listed. Default 30. */
  readonly top?: number;
}

export const formatUs = (us: number): string => formatMs(us / 1000);
const percent = (share: number): string =>
  share < 0.1 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;
const rate = (amount: number, us: number, unit: string): string =>
  us > 0 && amount > 0 ? `${formatSi((amount / us) * 1e6)}${unit}` : "";
/** `3.2 ms ± 0.1 ms`. */
export const formatSample = (us: Sample): string => `${formatUs(us.median)} ± ${formatUs(us.spread)}`;

/** Category of an operator's colour, from 1; the rarer ones have none. */
export function operatorColors(byOperator: readonly Pick<GroupProfile, "name">[]): Map<string, number> {
  return new Map(byOperator.slice(0, categories.length).map(({ name }, i) => [name, i + 1]));
}

/** A table whose columns at `left` are set left. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly (string | Html)[])[],
  left: readonly number[],
): Html {
  const side = (i: number) => (left.includes(i) ? "left" : "right");
  return html`<table><thead><tr>${head.map((name, i) => html`<th style="text-align:${side(i)}">${name}</th>`)}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${row.map((value, i) => html`<td style="text-align:${side(i)};white-space:nowrap">${value}</td>`)}</tr>`,
  )}</tbody></table>`;
}

export const swatch = (op: string, colorOf: ReadonlyMap<string, number>): Html => {
  const color = categories[(colorOf.get(op) ?? 0) - 1];
  return color ? html`<span style="color:${color}">■</span> ` : html`  `;
};

const roofText = (row: Pick<GroupProfile, "roof">): string =>
  row.roof ? `${percent(row.roof.share)} ${row.roof.bound}` : "";

function groupRow(group: GroupProfile, most: number, width: number): string[] {
  return [
    clip(group.name || "(none)", 40, "end"),
    String(group.count),
    formatUs(group.us),
    percent(group.share),
    bar(group.us / most, width),
    rate(group.flops, group.us, "FLOP/s"),
    rate(group.bytes, group.us, "B/s"),
    roofText(group),
  ];
}

const groupHead = ["calls", "time", "share", "", "FLOP/s", "bytes/s", "of the roof"];

function instructionRow(row: InstructionProfile, longest: number, onPath: boolean): string[] {
  return [
    clip(row.node, 44, "end"),
    clip(row.op, 24),
    clip(row.kernel, 32),
    formatUs(row.time.median),
    `± ${formatUs(row.time.spread)}`,
    percent(row.share),
    bar(row.time.median / longest, 8),
    row.flops > 0 ? formatSi(row.flops) : "",
    row.bytes > 0 ? formatBytes(row.bytes) : "",
    rate(row.flops, row.time.median, "FLOP/s"),
    rate(row.bytes, row.time.median, "B/s"),
    roofText(row),
    row.output ? clip(formatType(row.output.dtype, row.output.shape), 32) : "",
    onPath ? "●" : "",
  ];
}

/** Bytes alive over time as an area with its peak marked. */
function memoryScene(profile: Profile): Scene | undefined {
  const { memory } = profile;
  const end = profile.trace.wallUs;
  const peak = memory.reduce((most, point) => (point.bytes > most.bytes ? point : most), memory[0]!);
  if (memory.length < 2 || peak.bytes === 0) return undefined;
  const scene = new Scene(640, 90);
  const x = (us: number) => (us / end) * 640;
  const y = (bytes: number) => 86 - (bytes / peak.bytes) * 66;
  const points: [number, number][] = [[x(memory[0]!.timeUs), 86]];
  // At most two points a pixel are seen.
  const step = Math.max(1, Math.floor(memory.length / 640));
  for (let i = 0; i < memory.length; i += step) {
    const part = memory.slice(i, i + step);
    const bytes = Math.max(...part.map((point) => point.bytes));
    const next = memory[i + step]?.timeUs ?? end;
    points.push([x(part[0]!.timeUs), y(bytes)], [x(next), y(bytes)]);
  }
  points.push([points.at(-1)![0], 86]);
  scene.add({ shape: "path", d: polyline(points, true), fill: categories[0]!, opacity: 0.5, stroke: categories[0]! });
  const at = Math.max(2, Math.min(560, x(peak.timeUs)));
  scene.add({ shape: "circle", x: x(peak.timeUs), y: y(peak.bytes), r: 3, fill: neutral });
  scene.add({ shape: "text", x: at, y: 14, size: 10, text: `peak ${formatBytes(peak.bytes)}` });
  return scene;
}

export function peaksText(profile: Pick<Profile, "peaks">): string {
  const { peaks } = profile;
  if (!peaks) return "";
  const bandwidths = peaks.bandwidths.map((b) => `${formatSi(b.bytesPerSecond)}B/s over ${formatBytes(b.sizeBytes)}`);
  return `${clip(peaks.cpu, 60)}, ${peaks.isa}, ${plural(peaks.threads, "thread")}: ${formatSi(peaks.flopsPerSecond)}FLOP/s; ${bandwidths.join(", ")} (measured ${peaks.measuredAt.slice(0, 10)})`;
}

export function profileSummary(profile: Profile): string {
  const flops = profile.instructions.reduce((sum, row) => sum + row.flops, 0);
  return [
    `profile ${clip(profile.engine, 20)}${profile.graph ? ` · ${clip(profile.graph, 40)}` : ""}`,
    formatSample(profile.wall),
    `${plural(profile.wall.count, "run")} on ${plural(profile.threads, "thread")}`,
    plural(profile.instructions.length, "instruction"),
    `${percent(profile.coverage)} of the time in them`,
    flops > 0 ? `${formatSi(flops)}FLOP, ${rate(flops, profile.wall.median, "FLOP/s")}` : "",
    `weights ${formatBytes(profile.weightBytes)}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Where the time goes that is in no instruction. */
function outside(profile: Profile): string {
  const phases = profile.outside.filter((phase) => phase.us.median >= 0.05);
  if (phases.length === 0) return "";
  const all = phases.reduce((sum, phase) => sum + phase.us.median, 0);
  return `outside of instructions ${formatUs(all)}: ${phases.map(({ name, us }) => `${name} ${formatUs(us.median)}`).join(", ")}`;
}

/** The bundle of a profile. */
export async function displayProfile(profile: Profile, options: ProfileDisplayOptions = {}): Promise<MimeBundle> {
  const { instructions, byOperator, byScope, criticalPath, trace } = profile;
  const summary = profileSummary(profile);
  const id = uniqueId();
  if (instructions.length === 0) return bundle({ text: summary, html: frame(id, html`<b>${summary}</b>`) }, options);
  const colorOf = operatorColors(byOperator);
  const most = byOperator[0]!.us || 1;
  const path = new Set(criticalPath.instructions);
  const pathText = `critical path: ${plural(path.size, "instruction")} of ${instructions.length}, ${formatUs(criticalPath.us)}; ${criticalPath.parallelism.toFixed(2)} could run side by side`;
  const outsideText = outside(profile);
  const memory = memoryScene(profile);
  const columns = Array.from({ length: 56 }, () => 0);
  for (const point of profile.memory) {
    const at = Math.min(55, Math.floor((point.timeUs / (trace.wallUs || 1)) * 56));
    columns[at] = Math.max(columns[at]!, point.bytes);
  }
  for (let i = 1; i < 56; i++) columns[i] ||= columns[i - 1]!;
  const advice = profile.advice.map((entry) => entry.text);
  const text = [
    summary,
    textTable(
      byOperator.slice(0, 8).map((group) => groupRow(group, most, 10)),
      ["left", "right", "right", "right", "left", "right", "right", "left"],
    ),
    byOperator.length > 8 ? `… ${byOperator.length - 8} more operators` : "",
    pathText,
    outsideText,
    memory ? `memory ▕${columnChart(columns)}▏ peak ${formatBytes(Math.max(...columns))}` : "",
    ...advice.map((line) => `→ ${clip(line, 300)}`),
  ]
    .filter(Boolean)
    .join("\n");

  const top = Math.max(0, Math.min(200, options.top ?? 30));
  const longest = instructions.toSorted((a, b) => b.time.median - a.time.median);
  const shown = longest.slice(0, top);
  const scale = shown[0]?.time.median || 1;
  const points: RooflinePoint[] = longest
    .slice(0, 400)
    .map(({ node, op, time, flops, bytes }) => ({ name: clip(node, 50, "end"), op, us: time.median, flops, bytes }));
  const roofline =
    profile.peaks && points.some((p) => p.flops > 0) ? drawRoofline(profile.peaks, points, colorOf) : undefined;
  const rooflinePng = await roofline?.toPng({ colors: 24 });
  const picture = timelinePicture(trace, colorOf);
  const memoryPng = await memory?.toPng({ colors: 8 });
  const image = (one: Picture | undefined, alt: string, note: string): Html | undefined =>
    one && html`<div>${imageElement(one, alt)}</div><div><small>${note}</small></div>`;
  return bundle(
    {
      text,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        advice.length ? html`<ul>${advice.map((line) => html`<li>${clip(line, 500)}</li>`)}</ul>` : undefined,
        image(
          picture,
          "timeline",
          `a lane a thread, time to the right, ${formatUs(trace.wallUs)} in all (the median run); colours as in the table`,
        ),
        htmlTable(
          ["operator", ...groupHead],
          byOperator.slice(0, 20).map((group) => {
            const [name, ...rest] = groupRow(group, most, 12);
            return [html`${swatch(group.name, colorOf)}${name}`, ...rest];
          }),
          [0, 4, 7],
        ),
        html`<div>${pathText}</div>`,
        outsideText ? html`<div>${outsideText}</div>` : undefined,
        html`<details><summary>${shown.length < instructions.length ? `longest ${shown.length} of ${instructions.length} instructions` : plural(instructions.length, "instruction")}; ● on the critical path</summary>${htmlTable(
          [
            "node",
            "operator",
            "kernel",
            "median",
            "spread",
            "share",
            "",
            "FLOP",
            "bytes",
            "FLOP/s",
            "bytes/s",
            "of the roof",
            "output",
            "●",
          ],
          shown.map((row) => instructionRow(row, scale, path.has(row.index))),
          [0, 1, 2, 6, 11, 12],
        )}</details>`,
        byScope.length > 1
          ? html`<details><summary>by scope</summary>${htmlTable(
              ["scope", ...groupHead],
              byScope.slice(0, 30).map((group) => groupRow(group, byScope[0]!.us || 1, 12)),
              [0, 4, 7],
            )}</details>`
          : undefined,
        rooflinePng
          ? html`<details open><summary>roofline</summary><div>${imageElement(rooflinePng, "roofline")}</div><div><small>a circle an instruction, as large as its time; lines: what this machine can do, by how many bytes are gone over</small></div></details>`
          : undefined,
        memoryPng
          ? html`<details open><summary>memory of intermediate tensors</summary>${image(memoryPng, "memory over time", "time to the right, bytes in use upwards")}${htmlTable(
              ["operator", "begins to use"],
              byOperator
                .filter((group) => group.newBytes > 0)
                .toSorted((a, b) => b.newBytes - a.newBytes)
                .slice(0, 8)
                .map((group) => [clip(group.name, 30), formatBytes(group.newBytes)]),
              [0],
            )}</details>`
          : undefined,
        profile.peaks ? html`<div><small>peaks: ${peaksText(profile)}</small></div>` : undefined,
      ),
      script: enhance(id, {
        sortable: {},
        ...(picture ? { timeline: timelineData(trace, drawable(trace.events), colorOf) } : {}),
      }),
      ...(rooflinePng ? { picture: rooflinePng } : picture ? { picture } : {}),
    },
    options,
  );
}

registerDisplay("profile", displayProfile);
