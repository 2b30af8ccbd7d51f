/**
 * A tensor: its numbers in one line, and a picture that fits its rank. Rank 1 is a signal, 2 a heat map, higher ranks are
 * tiles of heat maps; what looks like a picture is drawn as one, what is small is written out.
 */
import { type Displayed, type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { dtypes } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { clip, type Html, html } from "../base/escape.ts";
import { type Channels, Image } from "../base/image.ts";
import { formatBytes, formatType, stridesOf } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { levels } from "./colors.ts";
import { digitsPicture, fitsDigits } from "./digits.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { layOut, levelValue, type Mosaic, paint, positionOn, type Scale, signalPicture, type View } from "./heat.ts";
import { displayImage } from "./image.ts";
import { type LiveControl, live, type Question } from "./live.ts";
import { encodePng, enlarge } from "./png.ts";
import { colorRange, elementReader, histogram, type Statistics, statisticsOf } from "./statistics.ts";
import { columnChart, formatCount, formatNumber, formatShare, shade, textTable } from "./text.ts";

export interface TensorOptions extends DisplayOptions {
  readonly name?: string;
  /** How to draw it. Default: by rank and shape. */
  readonly as?: "heatmap" | "image" | "signal" | "values";
  /** An index for each axis that is not to be drawn whole; null or absent: the whole axis. Negative counts from the end. */
  readonly slice?: readonly (number | null)[];
  /** Colours by logarithm, zero in the middle: for values over many magnitudes. */
  readonly symlog?: boolean;
  /** Ends of the colour scale. Default: the range without outliers. */
  readonly range?: readonly [number, number];
  /** Of a quantised tensor: real value = scale · (stored − zeroPoint). */
  readonly scale?: number;
  readonly zeroPoint?: number;
  /** Sliders that show other slices while the kernel has the tensor. Default true. */
  readonly live?: boolean;
}

/** Bytes a tensor's picture may have; it is in an output twice, as base64. */
const pictureMaxBytes = 18_000;

/** `float32[1,3] · 12 B · −1 … 2 · mean 0.5 · std 1 · 3 zeros · 1 NaN!`; options name and quantisation as above. */
export function tensorSummary(tensor: Tensor, options: TensorOptions = {}, s?: Statistics): string {
  const parts = [`${options.name ? `${clip(options.name, 60)}: ` : ""}${formatType(tensor.dtype, tensor.shape)}`];
  const { kind, bits } = dtypes[tensor.dtype];
  if (kind !== "string") {
    const packed = bits < 8 ? ` (${formatBytes(Math.ceil((tensor.size * bits) / 8))} packed)` : "";
    parts.push(formatBytes(tensor.sizeBytes) + packed);
  }
  if (tensor.size === 0) return [...parts, "empty"].join(" · ");
  if (kind === "string") return [...parts, `${formatCount(tensor.size)} strings`].join(" · ");
  const stats = s ?? statisticsOf(tensor);
  const about = stats.exact ? "" : "≈ ";
  if (kind === "bool") {
    parts.push(`${about}${formatShare(stats.read - stats.zeros, stats.read)} true`);
  } else if (Number.isNaN(stats.min)) {
    parts.push("no finite element");
  } else if (tensor.size === 1) {
    parts.push(formatNumber(stats.min, 7));
  } else {
    const what = kind === "complex" ? "magnitude " : "";
    parts.push(`${what}${about}${formatNumber(stats.min)} … ${formatNumber(stats.max)}`);
    parts.push(`mean ${about}${formatNumber(stats.mean, 3)}`, `std ${about}${formatNumber(stats.std, 3)}`);
    if (stats.zeros) parts.push(`${formatShare(stats.zeros, stats.read)} zero`);
  }
  if (stats.nans) parts.push(`${formatCount(stats.nans)} NaN!`);
  if (stats.positiveInfs) parts.push(`${formatCount(stats.positiveInfs)} inf!`);
  if (stats.negativeInfs) parts.push(`${formatCount(stats.negativeInfs)} -inf!`);
  if (options.scale !== undefined && Number.isFinite(stats.min)) {
    const real = (v: number) => formatNumber(options.scale! * (v - (options.zeroPoint ?? 0)));
    const zero = options.zeroPoint ? `, zero point ${options.zeroPoint}` : "";
    parts.push(`real ${real(stats.min)} … ${real(stats.max)} (scale ${formatNumber(options.scale)}${zero})`);
  }
  if (!stats.exact) parts.push(`≈ from ${formatCount(stats.read)} elements`);
  return parts.join(" · ");
}

/** The part of a tensor that `slice` leaves. Errors: ARGUMENT for an index outside its axis. */
export function viewOf(tensor: Tensor, slice: readonly (number | null)[] = []): View {
  const strides = stridesOf(tensor.shape);
  const axes: { axis: number; size: number; stride: number }[] = [];
  const fixed: (number | undefined)[] = [];
  let offset = 0;
  if (slice.length > tensor.rank)
    throw new InferlabError("ARGUMENT", `slice has ${slice.length} entries, expected at most ${tensor.rank}`);
  for (const [axis, size] of tensor.shape.entries()) {
    const index = slice[axis] ?? null;
    if (index === null) {
      axes.push({ axis, size, stride: strides[axis]! });
      fixed.push(undefined);
      continue;
    }
    const at = index < 0 ? index + size : index;
    if (!Number.isInteger(at) || at < 0 || at >= size)
      throw new InferlabError(
        "ARGUMENT",
        `slice index ${index} is outside axis ${axis} of ${formatType(tensor.dtype, tensor.shape)}`,
      );
    offset += at * strides[axis]!;
    fixed.push(at);
  }
  return { offset, axes, fixed };
}

/** The shape as height × width × channels where the view looks like a picture (or was said to be one). */
function imageLayout(tensor: Tensor, view: View, options: TensorOptions, s: Statistics) {
  if (options.as !== undefined && options.as !== "image") return undefined;
  const kind = dtypes[tensor.dtype].kind;
  if (kind === "complex" || kind === "string" || Number.isNaN(s.min)) return undefined;
  const axes = view.axes.filter((axis, i) => !(axis.size === 1 && i < view.axes.length - 2));
  if (axes.length === 2 && options.as === "image")
    return { y: axes[0]!, x: axes[1]!, c: undefined, channels: 1 as Channels };
  if (axes.length !== 3) return undefined;
  const [a, b, c] = axes as [View["axes"][number], View["axes"][number], View["axes"][number]];
  const large = (h: number, w: number) => options.as === "image" || (h >= 24 && w >= 24);
  const channels = (size: number) => size === 1 || size === 3 || (tensor.dtype === "uint8" && size === 4);
  if (channels(c.size) && large(a.size, b.size)) return { y: a, x: b, c, channels: c.size as Channels };
  if (a.size === 3 && large(b.size, c.size)) return { y: b, x: c, c: a, channels: 3 as Channels };
  return undefined;
}

type ImageLayout = NonNullable<ReturnType<typeof imageLayout>>;

/** Bytes of a picture: uint8 as they are, other types spread over their range. */
function toImage(tensor: Tensor, view: View, layout: ImageLayout, low: number, high: number): Image {
  const read = elementReader(tensor);
  // Sampled to at most 640 pixels a side before anything else: the rest would only be scaled away.
  const step = Math.max(1, Math.ceil(Math.max(layout.y.size, layout.x.size) / 640));
  const width = Math.ceil(layout.x.size / step);
  const height = Math.ceil(layout.y.size / step);
  const bytes = new Uint8Array(width * height * layout.channels);
  const factor = high > low ? 255 / (high - low) : 0;
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < layout.channels; c++) {
        const index =
          view.offset + y * step * layout.y.stride + x * step * layout.x.stride + c * (layout.c?.stride ?? 0);
        const value = (read(index) - low) * factor;
        bytes[at++] = value > 0 ? (value < 255 ? Math.round(value) : 255) : 0;
      }
  return new Image(width, height, layout.channels, bytes);
}

const maxWritten = 120;

/** Elements as aligned text, where they are few. */
function writtenOut(tensor: Tensor, view: View): string | undefined {
  const sizes = view.axes.map((axis) => axis.size);
  const total = sizes.reduce((a, b) => a * b, 1);
  const columns = sizes.at(-1) ?? 1;
  const text = dtypes[tensor.dtype].kind === "string";
  if (total > maxWritten || columns > 16) return undefined;
  const data = tensor.data as ArrayLike<number | bigint | string>;
  const read = text ? undefined : elementReader(tensor);
  const show = (index: number) => {
    if (text) return JSON.stringify(clip(String(data[index]), 40));
    if (typeof data[index] === "bigint") return formatCount(data[index] as bigint).replaceAll(",", "");
    if (tensor.dtype === "bool") return data[index] ? "true" : "false";
    return formatNumber(read!(index)).replaceAll(",", "");
  };
  const rows: string[][] = [];
  for (let i = 0; i < total; i++) {
    let rest = i;
    let index = view.offset;
    for (let axis = view.axes.length - 1; axis >= 0; axis--) {
      index += (rest % sizes[axis]!) * view.axes[axis]!.stride;
      rest = Math.floor(rest / sizes[axis]!);
    }
    if (i % columns === 0) rows.push([]);
    rows.at(-1)!.push(show(index));
  }
  if (rows.length > 12) return undefined;
  return textTable(rows, new Array(columns).fill("right"));
}

/** A few lines of shades, tiles side by side. */
function shadeLines(mosaic: Mosaic, read: (index: number) => number, scale: Scale): string {
  const tiles = mosaic.tiles.slice(0, mosaic.tiles.length > 1 ? 4 : 1);
  const columns = Math.min(mosaic.columns.length, Math.floor(56 / tiles.length));
  const rows = Math.max(
    1,
    Math.min(10, mosaic.rows.length, Math.ceil((columns * mosaic.rows.length) / mosaic.columns.length / 2)),
  );
  const lines: string[] = [];
  // Where zero is in the middle of the scale, the shade is the distance from it.
  const strength = (value: number) => {
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return Number.NaN;
    const position = positionOn(scale, value);
    return scale.kind === "diverging" ? Math.abs(position - 0.5) * 2 : position;
  };
  for (let y = 0; y < rows; y++) {
    const row = mosaic.rows[Math.floor(((y + 0.5) * mosaic.rows.length) / rows)]!;
    lines.push(
      tiles
        .map((tile) => {
          let line = "";
          for (let x = 0; x < columns; x++) {
            const column = mosaic.columns[Math.floor(((x + 0.5) * mosaic.columns.length) / columns)]!;
            const index = tile.offset + row * (mosaic.rowAxis?.stride ?? 0) + column * mosaic.columnAxis.stride;
            line += shade(strength(read(index)));
          }
          return line;
        })
        .join("│"),
    );
  }
  return lines.join("\n");
}

function scaleOf(s: Statistics, options: TensorOptions): { scale: Scale; trimmed: boolean } {
  const { low, high, trimmed } = options.range
    ? { low: options.range[0], high: options.range[1], trimmed: options.range[0] > s.min || options.range[1] < s.max }
    : colorRange(s);
  const signed = low < 0 && high > 0;
  const reach = Math.max(-low, high);
  const linear = options.symlog ? Math.max(reach * 1e-4, Number.MIN_VALUE) : 0;
  if (signed) return { scale: { kind: "diverging", low: -reach, high: reach, linear }, trimmed };
  return { scale: { kind: "sequential", low, high, linear }, trimmed };
}

/** The mosaic as a picture within the budget: fewer cells until it fits. */
function heatPicture(view: View, read: (index: number) => number, scale: Scale) {
  for (let cells = 16_384; ; cells = Math.floor(cells / 2)) {
    const mosaic = layOut(view, cells);
    const cell = Math.max(1, Math.min(24, Math.floor(520 / Math.max(mosaic.width, mosaic.height * 1.5))));
    const drawn = enlarge(paint(mosaic, read, scale), cell);
    const bytes = encodePng(drawn);
    if (bytes.length <= pictureMaxBytes || cells < 1024)
      return {
        mosaic,
        cell,
        drawn,
        picture: { type: "image/png", bytes, width: drawn.width, height: drawn.height } as Picture,
      };
  }
}

function readoutData(mosaic: Mosaic, cell: number, palette: Uint8Array, scale: Scale, fixed: View["fixed"]) {
  const colors: string[] = [];
  const values: number[] = [];
  for (let i = 0; i < levels; i++) {
    colors.push(palette.subarray(i * 4, i * 4 + 3).join());
    values.push(Number(levelValue(scale, i).toPrecision(4)));
  }
  const swapped = mosaic.rowAxis !== undefined && mosaic.rowAxis.axis > mosaic.columnAxis.axis;
  const tiles = mosaic.tiles.map((tile) => {
    const indices = [...tile.indices];
    const leading = fixed.map((f, axis) =>
      f !== undefined
        ? f
        : axis === mosaic.rowAxis?.axis || axis === mosaic.columnAxis.axis
          ? undefined
          : indices.shift(),
    );
    const prefix = leading.filter((i) => i !== undefined).join(", ");
    return [tile.x, tile.y, prefix ? `${prefix}, ` : ""];
  });
  return {
    cell,
    width: mosaic.width,
    height: mosaic.height,
    w: mosaic.columns.length,
    h: mosaic.rows.length,
    tiles,
    rows: mosaic.rowAxis ? mosaic.rows : [],
    cols: mosaic.columns,
    swapped,
    colors,
    values,
  };
}

/** What of the tensor the picture shows, in words. */
function describeMosaic(mosaic: Mosaic, scale: Scale, trimmed: boolean, s: Statistics): string {
  const axis = (a: { axis: number; size: number } | undefined, drawn: number, word: string) =>
    a ? `${word}: axis ${a.axis}${drawn < a.size ? ` (${drawn} of ${formatCount(a.size)})` : ""}` : "";
  const parts = [
    axis(mosaic.rowAxis, mosaic.rows.length, "rows"),
    axis(mosaic.columnAxis, mosaic.columns.length, "columns"),
  ];
  if (mosaic.tileCount > 1)
    parts.push(
      `tiles: ${mosaic.tiles.length < mosaic.tileCount ? `${mosaic.tiles.length} of ` : ""}${formatCount(mosaic.tileCount)}`,
    );
  const ends = `${formatNumber(scale.low, 3)} … ${formatNumber(scale.high, 3)}`;
  const law = scale.linear > 0 ? ", symlog" : "";
  if (s.min === s.max) parts.push("all elements equal");
  else if (!Number.isNaN(s.min))
    parts.push(scale.kind === "diverging" ? `blue to white (0) to red: ${ends}${law}` : `dark to light: ${ends}${law}`);
  if (trimmed) parts.push("outliers beyond the colours");
  if (s.nans) parts.push("NaN magenta");
  if (s.positiveInfs || s.negativeInfs) parts.push("±inf green");
  return parts.filter(Boolean).join(" · ");
}

function histogramLine(s: Statistics, low: number, high: number): string {
  if (s.sorted.length < 2 || !(high > low)) return "";
  // Spaces that pages keep.
  const columns = columnChart(histogram(s.sorted, low, high, 32)).replaceAll(" ", "\u00a0");
  return `${formatNumber(low, 3)} ▕${columns}▏ ${formatNumber(high, 3)}`;
}

function stringsPart(tensor: Tensor, summary: string): MimeBundle {
  const data = tensor.data as string[];
  const shown = data.slice(0, 12).map((item) => JSON.stringify(clip(item, 100)));
  const more = data.length > 12 ? [`… ${formatCount(data.length - 12)} more`] : [];
  return bundle({
    text: [summary, ...shown, ...more].join("\n"),
    html: frame(
      uniqueId(),
      html`<b>${summary}</b><ol start="0">${shown.map((item) => html`<li>${item}</li>`)}</ol>${more}`,
    ),
  });
}

/** The bundle of a tensor; a promise of one where it is drawn as a photograph. */
export function displayTensor(tensor: Tensor, options: TensorOptions = {}): Displayed {
  const view = viewOf(tensor, options.slice);
  const string = dtypes[tensor.dtype].kind === "string";
  const s = tensor.size === 0 || string ? undefined : statisticsOf(tensor);
  const at = options.slice ? ` [${view.fixed.map((f) => f ?? ":").join(", ")}]` : "";
  const summary = tensorSummary(tensor, options, s) + (at && ` · shown:${at}`);
  const values = tensor.size === 0 ? undefined : writtenOut(tensor, view);
  const id = uniqueId();
  const page = (...content: (Html | undefined)[]) =>
    frame(id, html`<details open><summary><b>${summary}</b></summary>${content}</details>`);
  if (tensor.size === 0 || tensor.rank === 0 || view.axes.length === 0) {
    const text = values === undefined ? summary : tensor.size === 1 && !string ? summary : `${summary}\n${values}`;
    return bundle(
      { text, html: frame(id, html`<b>${summary}</b>`, text !== summary ? html`<pre>${values}</pre>` : undefined) },
      options,
    );
  }
  if (string || !s)
    return values
      ? bundle({ text: `${summary}\n${values}`, html: page(html`<pre>${values}</pre>`) }, options)
      : stringsPart(tensor, summary);
  if (options.as === "values" || (options.as === undefined && values !== undefined && tensor.size <= 32))
    return bundle(
      {
        text: `${summary}\n${values ?? ""}`.trimEnd(),
        html: page(html`<pre>${values ?? "too many to write out"}</pre>`),
      },
      options,
    );

  const layout = imageLayout(tensor, view, options, s);
  if (layout) {
    const { low, high } =
      tensor.dtype === "uint8"
        ? { low: 0, high: 255 }
        : options.range
          ? { low: options.range[0], high: options.range[1] }
          : colorRange(s);
    return asImage(tensor, toImage(tensor, view, layout, low, high), summary, low, high, options);
  }

  const read = elementReader(tensor);
  const { scale, trimmed } = scaleOf(s, options);
  const bins = histogramLine(
    s,
    scale.kind === "diverging" ? Math.max(scale.low, s.min) : scale.low,
    scale.kind === "diverging" ? Math.min(scale.high, s.max) : scale.high,
  );
  const numbers = values ? html`<pre>${values}</pre>` : undefined;
  const last = view.axes.at(-1)!;
  const across = view.axes.slice(0, -1).reduce((product, axis) => product * axis.size, 1);
  if (
    options.as === "signal" ||
    (options.as === undefined && last.size > 16 && (across === 1 || (across <= 4 && last.size >= 512)))
  ) {
    const lines = Math.min(across, 8);
    const pictures: { label: string; picture: Picture; spark: string }[] = [];
    for (let line = 0; line < lines; line++) {
      let rest = line;
      let offset = view.offset;
      for (let axis = view.axes.length - 2; axis >= 0; axis--) {
        offset += (rest % view.axes[axis]!.size) * view.axes[axis]!.stride;
        rest = Math.floor(rest / view.axes[axis]!.size);
      }
      // A long signal is read at 64 places a pixel column at most.
      const step = Math.max(1, Math.floor(last.size / (560 * 64)));
      const samples = Float64Array.from({ length: Math.floor((last.size - 1) / step) + 1 }, (_, i) =>
        read(offset + i * step * last.stride),
      );
      pictures.push({
        label: across > 1 ? `${line}: ` : "",
        picture: signalPicture(samples, s.min, s.max, 560, lines > 1 ? 56 : 96),
        spark: sparkline(samples, s.min, s.max),
      });
    }
    const ends = `${formatNumber(s.min, 3)} at the bottom to ${formatNumber(s.max, 3)} at the top, axis ${last.axis} runs to the right`;
    const note = html`<small>${ends}${lines < across ? ` · ${lines} of ${formatCount(across)} signals` : ""}</small>`;
    return bundle(
      {
        text: [summary, ...(values ? [values] : pictures.map((p) => `${p.label}${p.spark}`)), bins]
          .filter(Boolean)
          .join("\n"),
        html: page(
          numbers,
          ...pictures.map((p) => html`<div>${p.label}${imageElement(p.picture, summary)}</div>`),
          note,
          html`<div>${bins}</div>`,
        ),
        picture: pictures[0]?.picture,
      },
      options,
    );
  }

  if (fitsDigits(tensor, view, s)) {
    const { picture, mosaic } = digitsPicture(view, read, scale);
    return bundle(
      {
        text: [summary, values ?? shadeLines(mosaic, read, scale), bins].filter(Boolean).join("\n"),
        html: page(
          imageElement(picture, summary),
          html`<div><small>${describeMosaic(mosaic, scale, trimmed, s)}</small></div>`,
          html`<div>${bins}</div>`,
        ),
        picture,
      },
      options,
    );
  }
  const { mosaic, cell, drawn, picture } = heatPicture(view, read, scale);
  return bundle(
    {
      text: [summary, values ?? shadeLines(mosaic, read, scale), bins].filter(Boolean).join("\n"),
      html: page(
        imageElement(picture, summary),
        html`<div><small>${describeMosaic(mosaic, scale, trimmed, s)}</small></div>`,
        html`<div>${bins}</div>`,
        numbers,
      ),
      script: enhance(id, { readout: readoutData(mosaic, cell, drawn.palette, scale, view.fixed) }),
      picture,
    },
    options,
  );
}

/** The mean of a signal in 64 steps as column glyphs. */
function sparkline(samples: ArrayLike<number>, low: number, high: number): string {
  const count = Math.min(64, samples.length);
  const heights = Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * samples.length) / count);
    const end = Math.max(start + 1, Math.floor(((i + 1) * samples.length) / count));
    let peak = Number.NaN;
    for (let k = start; k < end; k++) {
      const value = samples[k]!;
      if (Number.isNaN(peak) || Math.abs(value) > Math.abs(peak)) peak = value;
    }
    return peak;
  });
  const span = high - low || 1;
  return heights
    .map((v) => (Number.isFinite(v) ? "▁▂▃▄▅▆▇█"[Math.min(7, Math.floor(((v - low) / span) * 8))] : "!"))
    .join("");
}

async function asImage(
  tensor: Tensor,
  image: Image,
  summary: string,
  low: number,
  high: number,
  options: TensorOptions,
): Promise<MimeBundle> {
  const law = tensor.dtype === "uint8" ? "" : ` · black is ${formatNumber(low, 3)}, white ${formatNumber(high, 3)}`;
  const size = `drawn as a picture of ${image.width}×${image.height}${law}`;
  const shown = await displayImage(image, { maxBytes: options.maxBytes });
  const found = String(shown["text/html"]);
  const head = html`<b>${summary}</b>`.text;
  const grey = shadesOf(image);
  return {
    ...shown,
    // The picture's own first line gives way to the tensor's.
    "text/html": found
      .replace(/<b>.*?<\/b>/s, () => `${head}<br><small>${size}</small>`)
      .replace(/alt="[^"]*"/, () => `alt="${size}"`),
    "text/plain": `${summary}\n${size}\n${grey}`,
  };
}

/** Ten lines of shades of a picture's brightness. */
function shadesOf(image: Image): string {
  const columns = Math.min(56, image.width);
  const rows = Math.max(1, Math.min(10, Math.round((columns * image.height) / image.width / 2)));
  const lines: string[] = [];
  for (let y = 0; y < rows; y++) {
    let line = "";
    for (let x = 0; x < columns; x++) {
      const px = Math.floor(((x + 0.5) * image.width) / columns);
      const py = Math.floor(((y + 0.5) * image.height) / rows);
      const at = (py * image.width + px) * image.channels;
      const [r, g, b] = image.channels === 1 ? [at, at, at] : [at, at + 1, at + 2];
      line += shade((0.299 * image.data[r]! + 0.587 * image.data[g]! + 0.114 * image.data[b]!) / 256);
    }
    lines.push(line);
  }
  return lines.join("\n");
}

/** A slider for each axis but the last two, and what colours go by. */
function liveControls(tensor: Tensor, options: TensorOptions): LiveControl[] {
  const axes = tensor.shape.slice(0, Math.max(0, tensor.rank - 2)).flatMap((size, axis): LiveControl[] => {
    const at = options.slice?.[axis] ?? -1;
    const label = `axis ${axis}`;
    return size > 1
      ? [{ name: `axis${axis}`, label, type: "range", max: size - 1, value: at < -1 ? at + size : at }]
      : [];
  });
  return [...axes, { name: "symlog", label: "symlog", type: "checkbox", value: options.symlog ?? false }];
}

/** The display again, as the page's controls say. */
async function reslice(tensor: Tensor, options: TensorOptions, question: Question): Promise<MimeBundle> {
  const slice = tensor.shape.map((_, axis) => {
    const at = question[`axis${axis}`];
    return typeof at === "number" ? (at < 0 ? null : at) : (options.slice?.[axis] ?? null);
  });
  const symlog = question["symlog"];
  return displayTensor(tensor, {
    ...options,
    slice,
    ...(typeof symlog === "boolean" && { symlog }),
    live: false,
  });
}

/** The bundle of a tensor, with its live part where a kernel runs and there is more to see. */
function displayLiveTensor(tensor: Tensor, options: TensorOptions = {}): Displayed {
  const made = displayTensor(tensor, options);
  const { kind } = dtypes[tensor.dtype];
  if (options.live === false || tensor.rank < 2 || tensor.size <= 32 || kind === "string") return made;
  const add = (shown: MimeBundle): MimeBundle =>
    live(
      shown,
      tensor,
      tensor.sizeBytes,
      options,
      { controls: liveControls(tensor, options) },
      async (value, question) => ({
        bundle: await reslice(value, options, question),
      }),
    );
  return made instanceof Promise ? made.then(add) : add(made);
}

registerDisplay("tensor", displayLiveTensor);
