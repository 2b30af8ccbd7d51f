/** Two tensors: how far apart they are, where, and whether that is much for their type. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { dtypes } from "../base/dtypes.ts";
import { clip, html } from "../base/escape.ts";
import { formatType, sameShape } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { uniqueId } from "./enhance.ts";
import { layOut, paint } from "./heat.ts";
import { encodePng, enlarge } from "./png.ts";
import { elementReader, readBlock, statisticsOf } from "./statistics.ts";
import { tensorSummary, viewOf } from "./tensor.ts";
import { columnChart, formatCount, formatNumber, formatShare, textTable } from "./text.ts";

export interface CompareOptions extends DisplayOptions {
  readonly names?: readonly [string, string];
  /** Elements are equal within `absolute + relative · |b|`. Defaults 1e-5 and 1e-3. */
  readonly absolute?: number;
  readonly relative?: number;
}

export interface Comparison {
  readonly count: number;
  readonly read: number;
  readonly maxAbs: number;
  readonly maxAbsIndex: readonly number[];
  /** Largest |a − b| / |b| where b is not 0. */
  readonly maxRel: number;
  readonly meanAbs: number;
  readonly cosine: number;
  /** Signal to quantisation noise, 10·log10(Σb² / Σ(a−b)²), decibels; infinite where equal. */
  readonly sqnrDb: number;
  readonly outside: number;
  readonly identical: number;
  /** Elements finite in one and not in the other, or NaN in one only. */
  readonly mismatched: number;
  /** float32 and float64 only: elements by distance in units in the last place: 0, 1, 2, 3-4, 5-8, … , more. */
  readonly ulps: readonly number[] | undefined;
}

const blockLength = 4096;
const maxRead = 2 ** 23;

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);
/** A float32's position among all float32 numbers in order. */
function ordinal(value: number): number {
  float[0] = value;
  const raw = bits[0]!;
  return raw < 0 ? -2147483648 - raw : raw;
}

const ulpClasses = 12;

/** Compares tensors of one shape; `b` is the truth. Beyond 8 million elements evenly spaced blocks are compared. */
export function compareTensors(a: Tensor, b: Tensor, options: CompareOptions = {}): Comparison {
  const absolute = options.absolute ?? 1e-5;
  const relative = options.relative ?? 1e-3;
  const count = b.size;
  const starts: number[] = [];
  const blocks = Math.ceil(count / blockLength);
  const wanted = Math.min(blocks, Math.ceil(maxRead / blockLength));
  for (let i = 0; i < wanted; i++) starts.push(Math.floor((i * blocks) / wanted) * blockLength);
  const withUlps = a.dtype === "float32" && b.dtype === "float32";
  const ulps = new Array<number>(ulpClasses).fill(0);
  let [read, maxAbs, at, maxRel, sumAbs, dot, aa, bb, noise, outside, identical, mismatched, finite] = [
    0, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ];
  for (const start of starts) {
    const end = Math.min(count, start + blockLength);
    const [x, y] = [readBlock(a, start, end), readBlock(b, start, end)];
    read += end - start;
    for (let i = 0; i < x.length; i++) {
      const [p, q] = [x[i]!, y[i]!];
      if (Object.is(p, q) || p === q) identical++;
      else if (!Number.isFinite(p) || !Number.isFinite(q)) {
        mismatched++;
        outside++;
        if (at < 0) at = start + i;
        continue;
      }
      if (!Number.isFinite(p)) continue;
      finite++;
      const difference = Math.abs(p - q);
      if (difference > maxAbs || at < 0) [maxAbs, at] = [difference, start + i];
      if (q !== 0) maxRel = Math.max(maxRel, difference / Math.abs(q));
      if (difference > absolute + relative * Math.abs(q)) outside++;
      sumAbs += difference;
      dot += p * q;
      aa += p * p;
      bb += q * q;
      noise += difference * difference;
      if (withUlps) {
        const distance = Math.abs(ordinal(p) - ordinal(q));
        const bin = distance === 0 ? 0 : Math.min(ulpClasses - 1, 1 + Math.ceil(Math.log2(distance)));
        ulps[bin]!++;
      }
    }
  }
  const index: number[] = [];
  for (let rest = Math.max(0, at), axis = b.rank - 1; axis >= 0; axis--) {
    index.unshift(rest % b.shape[axis]!);
    rest = Math.floor(rest / b.shape[axis]!);
  }
  return {
    count,
    read,
    maxAbs: finite > 0 ? maxAbs : Number.NaN,
    maxAbsIndex: index,
    maxRel,
    meanAbs: finite > 0 ? sumAbs / finite : Number.NaN,
    cosine: aa > 0 && bb > 0 ? dot / Math.sqrt(aa * bb) : aa === bb ? 1 : 0,
    sqnrDb: noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(bb / noise),
    outside,
    identical,
    mismatched,
    ulps: withUlps ? ulps : undefined,
  };
}

const ulpLabels = ["0", "1", "2", "4", "8", "16", "32", "64", "128", "256", "512", "more"];

/** |a − b| as a picture. */
function differencePicture(a: Tensor, b: Tensor, most: number): Picture | undefined {
  if (a.rank < 1 || a.size < 2 || !(most > 0)) return undefined;
  const view = viewOf(a);
  const [readA, readB] = [elementReader(a), elementReader(b)];
  for (let cells = 12_000; ; cells /= 2) {
    const mosaic = layOut(view, cells);
    const drawn = paint(mosaic, (i) => Math.abs(readA(i) - readB(i)), {
      kind: "sequential",
      low: 0,
      high: most,
      linear: 0,
    });
    const cell = Math.max(1, Math.min(24, Math.floor(480 / Math.max(mosaic.width, mosaic.height * 1.5))));
    const picture = enlarge(drawn, cell);
    const bytes = encodePng(picture);
    if (bytes.length < 17_000 || cells < 1000)
      return { type: "image/png", bytes, width: picture.width, height: picture.height };
  }
}

/** The bundle of a comparison. */
export function displayComparison(
  { a, b }: { readonly a: Tensor; readonly b: Tensor },
  options: CompareOptions = {},
): MimeBundle {
  const [nameA, nameB] = (options.names ?? ["a", "b"]).map((name) => clip(name, 40)) as [string, string];
  const head = `compare ${nameA} with ${nameB}`;
  const id = uniqueId();
  const numbers = (t: Tensor) => dtypes[t.dtype].kind !== "string";
  if (!sameShape(a.shape, b.shape) || !numbers(a) || !numbers(b)) {
    const text = `${head} · cannot be compared: ${formatType(a.dtype, a.shape)} and ${formatType(b.dtype, b.shape)}`;
    return bundle({ text, html: frame(id, html`<b>${text}</b>`) }, options);
  }
  if (a.size === 0)
    return bundle({ text: `${head} · both empty`, html: frame(id, html`<b>${head} · both empty</b>`) }, options);
  const c = compareTensors(a, b, options);
  const about = c.read < c.count ? ` · ≈ from ${formatCount(c.read)} elements` : "";
  const verdict =
    c.identical === c.read
      ? "equal"
      : c.outside === 0
        ? `equal within ${options.relative ?? 1e-3} relative, ${options.absolute ?? 1e-5} absolute`
        : `${formatShare(c.outside, c.read)} differ (${formatCount(c.outside)})`;
  const summary = `${head} · ${formatType(b.dtype, b.shape)} · ${verdict}${about}`;
  const [readA, readB] = [elementReader(a), elementReader(b)];
  let flat = 0;
  for (const [axis, index] of c.maxAbsIndex.entries()) flat = flat * b.shape[axis]! + index;
  const where = `[${c.maxAbsIndex.join(", ")}]: ${formatNumber(readA(flat), 6)} and ${formatNumber(readB(flat), 6)}`;
  const rows: [string, string][] = [
    ["max |a−b|", `${formatNumber(c.maxAbs)} at ${where}`],
    ["max relative", formatNumber(c.maxRel)],
    ["mean |a−b|", formatNumber(c.meanAbs)],
    ["cosine", c.cosine > 0.999 ? `1 − ${formatNumber(Math.max(0, 1 - c.cosine))}` : formatNumber(c.cosine)],
    ["SQNR", c.sqnrDb === Number.POSITIVE_INFINITY ? "no difference" : `${c.sqnrDb.toFixed(1)} dB`],
    ["bit-equal", formatShare(c.identical, c.read)],
  ];
  if (c.mismatched > 0) rows.push(["not finite in one only", `${formatCount(c.mismatched)}!`]);
  if (c.ulps) {
    const last = c.ulps.findLastIndex((n) => n > 0);
    rows.push([
      "distance in ulps",
      `${columnChart(c.ulps.slice(0, last + 1)).replaceAll(" ", "\u00a0")} 0 … ${ulpLabels[last] ?? "0"}`,
    ]);
  }
  const picture = c.identical === c.read ? undefined : differencePicture(a, b, c.maxAbs);
  const sides = [
    `${nameA}: ${tensorSummary(a, {}, statisticsOf(a))}`,
    `${nameB}: ${tensorSummary(b, {}, statisticsOf(b))}`,
  ];
  return bundle(
    {
      text: [summary, ...sides, textTable(rows)].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        sides.map((side) => html`<div>${side}</div>`),
        html`<table><tbody>${rows.map(([key, value]) => html`<tr><td style="text-align:left">${key}</td><td style="text-align:left">${value}</td></tr>`)}</tbody></table>`,
        picture
          ? html`<div>${imageElement(picture, "absolute difference")}</div><div><small>|${nameA} − ${nameB}|, dark 0 to light ${formatNumber(c.maxAbs, 3)}</small></div>`
          : undefined,
      ),
      picture,
    },
    options,
  );
}

registerDisplay("comparison", displayComparison);
