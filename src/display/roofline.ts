/** A roofline: how many operations a second each instruction did, over how many it does for a byte, below what the machine can. */
import { formatBytes, formatMs } from "../base/shapes.ts";
import type { Peaks } from "../profile/peaks.ts";
import { categories, neutral } from "./colors.ts";
import { polyline, Scene } from "./scene.ts";
import { formatSi } from "./text.ts";

export interface RooflinePoint {
  readonly name: string;
  readonly op: string;
  readonly us: number;
  readonly flops: number;
  readonly bytes: number;
  /** Where the point was in another profile; drawn as an arrow from there. */
  readonly before?: { readonly us: number; readonly flops: number; readonly bytes: number } | undefined;
}

const [width, height] = [640, 300];
const [left, right, top, bottom] = [66, 12, 10, 34];

/** Points without operations (movements) have no place on a roofline and are left out. `colorOf`: category by operator, from 1. */
export function drawRoofline(
  peaks: Peaks,
  points: readonly RooflinePoint[],
  colorOf: ReadonlyMap<string, number>,
): Scene {
  const scene = new Scene(width, height);
  const placed = points.filter((point) => point.flops > 0 && point.bytes > 0 && point.us > 0);
  const intensity = (p: { flops: number; bytes: number }) => p.flops / p.bytes;
  const speed = (p: { flops: number; us: number }) => (p.flops / p.us) * 1e6;
  const intensities = placed.map(intensity);
  const speeds = placed.map(speed);
  const x0 = Math.log2(Math.max(2 ** -8, Math.min(0.125, ...intensities)));
  const x1 = Math.log2(Math.min(2 ** 14, Math.max(128, ...intensities) * 1.5));
  const y1 = Math.log10(Math.max(peaks.flopsPerSecond, ...speeds) * 1.6);
  const y0 = Math.max(5, Math.min(y1 - 3, Math.log10(Math.max(1, Math.min(1e9, ...speeds)))));
  const clamp = (value: number) => Math.max(0, Math.min(1, value));
  const x = (value: number) => left + clamp((Math.log2(value) - x0) / (x1 - x0)) * (width - left - right);
  const y = (value: number) => height - bottom - clamp((Math.log10(value) - y0) / (y1 - y0)) * (height - top - bottom);
  const ink = neutral;
  scene.add({
    shape: "path",
    d: polyline([
      [left, top],
      [left, height - bottom],
      [width - right, height - bottom],
    ]),
    stroke: ink,
  });
  for (let e = Math.ceil(y0); e <= y1; e++) {
    const at = y(10 ** e);
    scene.add({
      shape: "path",
      d: polyline([
        [left, at],
        [width - right, at],
      ]),
      stroke: ink,
      opacity: 0.25,
    });
    scene.add({ shape: "text", x: left - 5, y: at + 3, size: 9, text: `${formatSi(10 ** e)}FLOP/s`, anchor: "end" });
  }
  for (let e = Math.ceil(x0); e <= x1; e += 2)
    scene.add({
      shape: "text",
      x: x(2 ** e),
      y: height - bottom + 13,
      size: 9,
      text: e < 0 ? `1/${2 ** -e}` : String(2 ** e),
      anchor: "middle",
    });
  scene.add({
    shape: "text",
    x: (left + width) / 2,
    y: height - 6,
    size: 9,
    text: "operations for each byte read or written",
    anchor: "middle",
  });
  const peak = peaks.flopsPerSecond;
  for (const [i, { sizeBytes, bytesPerSecond }] of peaks.bandwidths.entries()) {
    const knee = peak / bytesPerSecond;
    const start = 2 ** x0;
    scene.add({
      shape: "path",
      d: polyline([
        [x(Math.max(start, 10 ** y0 / bytesPerSecond)), y(Math.max(10 ** y0, start * bytesPerSecond))],
        [x(knee), y(peak)],
      ]),
      stroke: ink,
      width: 1.4,
      ...(i === peaks.bandwidths.length - 1 ? {} : { dash: "4 3" }),
    });
    // Those between lie too near to each other to be written on; the display lists them.
    const isLast = i === peaks.bandwidths.length - 1;
    if (i > 0 && !isLast) continue;
    scene.add({
      shape: "text",
      x: x(isLast ? start * 1.6 : start * 1.15),
      y: isLast ? y(start * 1.6 * bytesPerSecond) + 14 : y(start * 1.15 * bytesPerSecond) - 5,
      size: 8,
      text: `${formatBytes(sizeBytes)}: ${formatSi(bytesPerSecond)}B/s`,
      anchor: "start",
    });
  }
  const firstKnee = peak / Math.max(...peaks.bandwidths.map((b) => b.bytesPerSecond), 1);
  scene.add({
    shape: "path",
    d: polyline([
      [x(firstKnee), y(peak)],
      [width - right, y(peak)],
    ]),
    stroke: ink,
    width: 1.4,
  });
  scene.add({
    shape: "text",
    x: width - right - 2,
    y: y(peak) - 4,
    size: 9,
    text: `${formatSi(peak)}FLOP/s`,
    anchor: "end",
    bold: true,
  });
  const total = placed.reduce((sum, point) => sum + point.us, 0) || 1;
  for (const point of placed.toSorted((a, b) => b.us - a.us)) {
    const color = categories[(colorOf.get(point.op) ?? 0) - 1] ?? neutral;
    const [px, py] = [x(intensity(point)), y(speed(point))];
    if (point.before && point.before.flops > 0 && point.before.bytes > 0 && point.before.us > 0) {
      const [bx, by] = [x(intensity(point.before)), y(speed(point.before))];
      const length = Math.hypot(px - bx, py - by);
      if (length > 6) {
        const [ux, uy] = [(px - bx) / length, (py - by) / length];
        const [hx, hy] = [px - 6 * ux, py - 6 * uy];
        scene.add({
          shape: "path",
          d: polyline([
            [bx, by],
            [px, py],
          ]),
          stroke: color,
          width: 1.2,
        });
        scene.add({
          shape: "path",
          d: polyline(
            [
              [px, py],
              [hx - 3 * uy, hy + 3 * ux],
              [hx + 3 * uy, hy - 3 * ux],
            ],
            true,
          ),
          fill: color,
        });
      }
    }
    scene.add({
      shape: "circle",
      x: px,
      y: py,
      r: 2.5 + 14 * Math.sqrt(point.us / total),
      fill: color,
      opacity: 0.55,
      stroke: color,
      key: point.name,
      title: `${point.name} · ${point.op} · ${formatMs(point.us / 1000)} · ${formatSi(speed(point))}FLOP/s`,
    });
  }
  return scene;
}
