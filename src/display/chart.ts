/**
 * Charts: lines, bars, points, histograms, heat maps. The live form is a Plotly figure by its MIME type, which front ends
 * that know Plotly draw; the still form is a picture made here. Plotly itself is never put into an output.
 */
import { type Displayed, displaySymbol, type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { clip } from "../base/escape.ts";
import { bundle, type DisplayOptions } from "./bundle.ts";
import { categories, neutral, scaleColor } from "./colors.ts";
import { advance } from "./glyphs.ts";
import { polyline, Scene } from "./scene.ts";
import { columnChart, formatNumber, formatSi, plural, textTable } from "./text.ts";

type Numbers = ArrayLike<number | bigint>;

export interface ChartSeries {
  readonly name?: string;
  /** Positions: numbers, or words for bars. Default 0, 1, 2 … */
  readonly x?: Numbers | readonly string[];
  readonly y: Numbers;
  /** Words shown at the points when pointed at. */
  readonly text?: readonly string[];
}

export interface PlotOptions extends DisplayOptions {
  /** Default "line". */
  readonly type?: "line" | "bar" | "scatter" | "histogram" | "heatmap";
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Pixels. Default 640 × 320. */
  readonly width?: number;
  readonly height?: number;
  /** Logarithmic value axis; values of 0 and less are left out. */
  readonly logY?: boolean;
  /** Bins of a histogram. Default 40. */
  readonly bins?: number;
}

export interface Chart {
  readonly kind: "chart";
  readonly series: readonly ChartSeries[];
  readonly options: PlotOptions;
  [displaySymbol](): Displayed;
}

const isNumbers = (value: unknown): value is Numbers =>
  (ArrayBuffer.isView(value) && !(value instanceof DataView)) ||
  (Array.isArray(value) && value.every((item) => typeof item === "number" || typeof item === "bigint"));

/**
 * A chart of one list of numbers, of several by name, of series with positions, or of rows for a heat map.
 *
 * Errors: ARGUMENT for data that is none of these.
 *
 * @example
 * plot([3, 1, 2]);
 * plot({ train: [3, 2, 1], test: [4, 3, 3] }, { title: "loss", xLabel: "epoch" });
 * plot([{ x: ["cat", "dog"], y: [0.9, 0.1] }], { type: "bar" });
 */
export function plot(data: unknown, options: PlotOptions = {}): Chart {
  const series = seriesOf(data);
  if (series.some((s) => s.x !== undefined && s.x.length !== s.y.length))
    throw new InferlabError("ARGUMENT", "a series has unequal numbers of x and y", {
      hint: "x and y are lists of one length",
    });
  const chart: Chart = { kind: "chart", series, options, [displaySymbol]: () => displayChart(chart, options) };
  return chart;
}

function seriesOf(data: unknown): ChartSeries[] {
  if (isNumbers(data)) return [{ y: data }];
  if (data && typeof data === "object" && "data" in data && isNumbers(data.data)) return [{ y: data.data }];
  if (Array.isArray(data)) {
    if (data.every(isNumbers)) return data.map((y) => ({ y }));
    if (data.every((item) => item && typeof item === "object" && isNumbers((item as ChartSeries).y)))
      return data as ChartSeries[];
  } else if (data && typeof data === "object") {
    const entries = Object.entries(data);
    if (entries.length > 0 && entries.every(([, y]) => isNumbers(y)))
      return entries.map(([name, y]) => ({ name, y: y as Numbers }));
  }
  throw new InferlabError("ARGUMENT", "plot() got something that holds no lists of numbers", {
    hint: "give numbers, { name: numbers }, or [{ x, y }]",
  });
}

const maxPoints = 2000;

interface Line {
  readonly name: string;
  readonly x: readonly (number | string)[];
  readonly y: readonly number[];
  readonly text: readonly string[] | undefined;
  readonly color: string;
  readonly count: number;
}

/** Long lines keep the least and the greatest of every step, so that no peak is lost. */
function thin(series: ChartSeries, index: number): Line {
  const count = series.y.length;
  const at = (i: number): number | string => {
    const x = series.x?.[i];
    return x === undefined ? i : typeof x === "string" ? clip(x, 40) : Number(x);
  };
  const keep: number[] = [];
  if (count <= maxPoints) for (let i = 0; i < count; i++) keep.push(i);
  else {
    const steps = maxPoints / 2;
    for (let step = 0; step < steps; step++) {
      const start = Math.floor((step * count) / steps);
      const end = Math.floor(((step + 1) * count) / steps);
      let [low, high] = [start, start];
      for (let i = start; i < end; i++) {
        if (series.y[i]! < series.y[low]!) low = i;
        if (series.y[i]! > series.y[high]!) high = i;
      }
      keep.push(Math.min(low, high), Math.max(low, high));
    }
  }
  return {
    name: series.name === undefined ? "" : clip(series.name, 40),
    x: keep.map(at),
    y: keep.map((i) => Number(series.y[i])),
    text: series.text && keep.map((i) => clip(series.text?.[i] ?? "", 60)),
    color: categories[index % categories.length]!,
    count,
  };
}

/** Round numbers that divide a range into about `count` steps. */
export function ticks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= raw * 0.999) ?? 10);
  const out: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
    out.push(Number((i * step).toPrecision(12)));
  return out;
}

const tickText = (value: number) =>
  Math.abs(value) >= 10_000 ? formatSi(value).replace(" ", "") : formatNumber(value, 4);

function bounds(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

interface Axes {
  readonly scene: Scene;
  readonly px: (x: number) => number;
  readonly py: (y: number) => number;
  readonly bottom: number;
}

/**
 * Names of lines in rows above the plot, to the right; `taken` is what the first row holds on its left. Three rows at most:
 * lines beyond have no entry.
 */
function legendRows(
  lines: readonly Line[],
  width: number,
  taken: number,
): (readonly { readonly line: Line; readonly x: number }[])[] {
  const rows: { line: Line; width: number }[][] = [[]];
  let used = taken;
  for (const line of lines.filter(({ name }) => name)) {
    const entry = { line, width: Math.min(40, line.name.length) * 10 * advance + 26 };
    if (used + entry.width > width - 12 && (rows.at(-1)!.length > 0 || used > 0)) {
      if (rows.length === 3) break;
      rows.push([]);
      used = 0;
    }
    rows.at(-1)!.push(entry);
    used += entry.width;
  }
  return rows.map((row) => {
    let end = width - 12 - row.reduce((sum, entry) => sum + entry.width, 0);
    return row.map((entry) => {
      end += entry.width;
      return { line: entry.line, x: end - entry.width };
    });
  });
}

function axes(
  options: PlotOptions,
  lines: readonly Line[],
  x: [number, number],
  y: [number, number],
  xWords?: readonly string[],
  yWords?: readonly string[],
): Axes {
  const width = Math.max(120, Math.min(2000, options.width ?? 640));
  const height = Math.max(80, Math.min(2000, options.height ?? 320));
  const scene = new Scene(width, height);
  const size = 10;
  const log = options.logY ?? false;
  const [low, high] = log ? [Math.log10(y[0]), Math.log10(y[1])] : y;
  const yTicks = log
    ? ticks(Math.floor(low), Math.ceil(high), 5)
        .filter((t) => Number.isInteger(t) && t >= low - 1e-9 && t <= high + 1e-9)
        .map((t) => 10 ** t)
    : ticks(low, high, 5);
  const longest = Math.max(
    ...(yWords ? yWords.map((word) => Math.min(14, word.length)) : yTicks.map((t) => tickText(t).length)),
    1,
  );
  const left = 12 + longest * size * advance;
  const yLabel = clip(options.yLabel ?? "", 60);
  const rows = legendRows(lines, width, yLabel === "" ? 0 : 4 + yLabel.length * size * advance);
  // Rows of the legend; the axis's name stands in the first, on the left.
  const numRows = Math.max(yLabel ? 1 : 0, rows.at(-1)!.length || rows.length > 1 ? rows.length : 0);
  const head = 8 + (options.title ? 16 : 0);
  const top = head + numRows * 14 + (numRows ? 4 : 0);
  const bottom = height - 20 - (options.xLabel ? 14 : 0);
  const right = width - 12;
  const spanX = x[1] - x[0] || 1;
  const spanY = high - low || 1;
  const px = (value: number) => left + ((value - x[0]) / spanX) * (right - left);
  const py = (value: number) => bottom - (((log ? Math.log10(value) : value) - low) / spanY) * (bottom - top);
  if (options.title)
    scene.add({
      shape: "text",
      x: width / 2,
      y: 14,
      text: clip(options.title, 90),
      size: 12,
      anchor: "middle",
      fill: neutral,
      bold: true,
    });
  if (yLabel) scene.add({ shape: "text", x: 4, y: head + 7, text: yLabel, size, fill: neutral });
  for (const [i, row] of rows.entries())
    for (const { line, x: at } of row) {
      const base = head + 7 + i * 14;
      scene.add({ shape: "rect", x: at + 8, y: base - 7, w: 10, h: 7, fill: line.color });
      scene.add({ shape: "text", x: at + 22, y: base, text: clip(line.name, 40), size, fill: neutral });
    }
  if (options.xLabel)
    scene.add({
      shape: "text",
      x: (left + right) / 2,
      y: height - 4,
      text: clip(options.xLabel, 80),
      size,
      anchor: "middle",
      fill: neutral,
    });
  for (const [i, word] of (yWords ?? []).entries())
    if (i % Math.ceil((yWords!.length * 12) / (bottom - top)) === 0)
      scene.add({
        shape: "text",
        x: left - 5,
        y: py(y[1] - i - 0.5) + 3.5,
        text: clip(word, 14),
        size,
        anchor: "end",
        fill: neutral,
      });
  for (const t of yWords ? [] : yTicks) {
    scene.add({
      shape: "path",
      d: polyline([
        [left, py(t)],
        [right, py(t)],
      ]),
      stroke: neutral,
      width: 0.6,
      opacity: 0.35,
    });
    scene.add({ shape: "text", x: left - 5, y: py(t) + 3.5, text: tickText(t), size, anchor: "end", fill: neutral });
  }
  if (xWords) {
    const every = Math.ceil(
      xWords.length /
        Math.max(
          1,
          Math.floor((right - left) / (Math.max(...xWords.map((w) => Math.min(12, w.length)), 1) * size * advance + 8)),
        ),
    );
    for (const [i, word] of xWords.entries())
      if (i % every === 0)
        scene.add({
          shape: "text",
          x: px(i),
          y: bottom + 13,
          text: clip(word, 12),
          size,
          anchor: "middle",
          fill: neutral,
        });
  } else
    for (const t of ticks(x[0], x[1], 7))
      scene.add({ shape: "text", x: px(t), y: bottom + 13, text: tickText(t), size, anchor: "middle", fill: neutral });
  scene.add({
    shape: "path",
    d: polyline([
      [left, top],
      [left, bottom],
      [right, bottom],
    ]),
    stroke: neutral,
    width: 1,
  });
  return { scene, px, py, bottom };
}

function drawLines(lines: readonly Line[], options: PlotOptions): Scene {
  const words = lines.some((line) => line.x.some((x) => typeof x === "string"));
  const xs = (line: Line) => line.x.map((x, i) => (words ? i : Number(x)));
  const log = options.logY ?? false;
  const usable = (y: number) => Number.isFinite(y) && (!log || y > 0);
  let x = bounds(lines.flatMap(xs));
  let y = bounds(lines.flatMap((line) => line.y.filter(usable)));
  if (y[0] === y[1]) y = log ? [y[0] / 2, y[1] * 2] : [y[0] - 0.5, y[1] + 0.5];
  // Points are drawn whole, also at the ends.
  const pad = ([low, high]: [number, number]): [number, number] => [
    low - (high - low) * 0.03,
    high + (high - low) * 0.03,
  ];
  if (options.type === "scatter") [x, y] = [pad(x), log ? y : pad(y)];
  const { scene, px, py } = axes(options, lines, x, y, words ? lines[0]?.x.map(String) : undefined);
  for (const line of lines) {
    const positions = xs(line);
    if (options.type === "scatter") {
      for (const [i, value] of line.y.entries())
        if (usable(value))
          scene.add({
            shape: "circle",
            x: px(positions[i]!),
            y: py(value),
            r: 2.4,
            fill: line.color,
            opacity: 0.75,
            ...(line.text ? { title: line.text[i] } : {}),
          });
      continue;
    }
    // A value that is not finite breaks the line.
    let run: [number, number][] = [];
    const flush = () => {
      if (run.length > 1) scene.add({ shape: "path", d: polyline(run), stroke: line.color, width: 1.6 });
      else if (run[0]) scene.add({ shape: "circle", x: run[0][0], y: run[0][1], r: 2, fill: line.color });
      run = [];
    };
    for (const [i, value] of line.y.entries()) {
      if (usable(value)) run.push([px(positions[i]!), py(value)]);
      else flush();
    }
    flush();
  }
  return scene;
}

function drawBars(lines: readonly Line[], options: PlotOptions): Scene {
  const count = Math.max(...lines.map((line) => line.y.length), 1);
  const words = lines[0]?.x.some((x) => typeof x === "string") ? lines[0].x.map(String) : undefined;
  const [low, high] = bounds(lines.flatMap((line) => line.y));
  const { scene, px, py } = axes(
    { ...options, logY: false },
    lines,
    [-0.5, count - 0.5],
    [Math.min(0, low), Math.max(0, high) || 1],
    words,
  );
  const slot = (px(1) - px(0)) * 0.8;
  const width = Math.max(1, slot / lines.length);
  for (const [s, line] of lines.entries())
    for (const [i, value] of line.y.entries()) {
      if (!Number.isFinite(value)) continue;
      const [from, to] = [py(Math.max(0, value)), py(Math.min(0, value))];
      scene.add({
        shape: "rect",
        x: px(i) - slot / 2 + s * width,
        y: from,
        w: Math.max(1, width - 0.5),
        h: Math.max(0.5, to - from),
        fill: line.color,
      });
    }
  return scene;
}

function binned(series: readonly ChartSeries[], bins: number): { edges: number[]; counts: number[][] } {
  const values = series.map((s) => Array.from(s.y, Number).filter(Number.isFinite));
  const [low, high] = bounds(values.flat());
  const width = (high - low) / bins || 1;
  const counts = values.map((list) => {
    const out = new Array<number>(bins).fill(0);
    for (const value of list) out[Math.min(bins - 1, Math.floor((value - low) / width))]!++;
    return out;
  });
  return { edges: Array.from({ length: bins + 1 }, (_, i) => low + i * width), counts };
}

function drawHistogram(series: readonly ChartSeries[], lines: readonly Line[], options: PlotOptions): Scene {
  const { edges, counts } = binned(series, Math.max(1, Math.min(400, options.bins ?? 40)));
  const { scene, px, py } = axes(
    { ...options, logY: false },
    lines,
    [edges[0]!, edges.at(-1)!],
    [0, Math.max(...counts.flat(), 1)],
  );
  for (const [s, list] of counts.entries())
    for (const [i, count] of list.entries()) {
      if (count === 0) continue;
      const x = px(edges[i]!);
      scene.add({
        shape: "rect",
        x,
        y: py(count),
        w: Math.max(1, px(edges[i + 1]!) - x - 0.5),
        h: py(0) - py(count),
        fill: lines[s]!.color,
        opacity: counts.length > 1 ? 0.6 : 1,
      });
    }
  return scene;
}

function drawHeat(lines: readonly Line[], options: PlotOptions): Scene {
  const columns = Math.max(...lines.map((line) => line.y.length), 1);
  const [low, high] = bounds(lines.flatMap((line) => line.y));
  const names = lines.map((line, i) => line.name || String(i));
  const indices = Array.from({ length: columns }, (_, i) => String(i));
  const { scene, px, py } = axes(
    { ...options, logY: false },
    [],
    [-0.5, columns - 0.5],
    [0, lines.length],
    indices,
    names,
  );
  const scale = low < 0 && high > 0 ? ("diverging" as const) : ("sequential" as const);
  const reach = Math.max(-low, high) || 1;
  for (const [row, line] of lines.entries())
    for (const [column, value] of line.y.entries()) {
      const t = scale === "diverging" ? 0.5 + value / reach / 2 : (value - low) / (high - low || 1);
      const x = px(column - 0.5);
      const y = py(lines.length - row);
      const color = Number.isFinite(value) ? scaleColor(scale, t) : "#ff00ff";
      scene.add({
        shape: "rect",
        x,
        y,
        w: px(column + 0.5) - x + 0.3,
        h: py(lines.length - row - 1) - y + 0.3,
        fill: color,
        title: `${names[row]}, ${column}: ${formatNumber(value)}`,
      });
    }
  return scene;
}

const json = (values: readonly (number | string)[]) =>
  values.map((v) => (typeof v === "number" ? (Number.isFinite(v) ? Number(v.toPrecision(6)) : null) : v));

function plotlyFigure(lines: readonly Line[], series: readonly ChartSeries[], options: PlotOptions): unknown {
  const type = options.type ?? "line";
  const name = (line: Line) => (line.name ? { name: line.name } : {});
  const data =
    type === "heatmap"
      ? [
          {
            type: "heatmap",
            z: lines.map((line) => json(line.y)),
            y: lines.map((line, i) => line.name || String(i)),
            colorscale: "Viridis",
          },
        ]
      : type === "histogram"
        ? (() => {
            const { edges, counts } = binned(series, options.bins ?? 40);
            return counts.map((y, i) => ({
              type: "bar",
              x: json(edges.slice(0, -1)),
              y,
              width: edges[1]! - edges[0]!,
              offset: 0,
              ...name(lines[i]!),
              marker: { color: lines[i]!.color },
            }));
          })()
        : lines.map((line) => ({
            type: type === "bar" ? "bar" : "scatter",
            ...(type === "bar" ? {} : { mode: type === "scatter" ? "markers" : "lines" }),
            x: json(line.x),
            y: json(line.y),
            ...(line.text ? { text: line.text } : {}),
            ...name(line),
            marker: { color: line.color },
            line: { color: line.color },
          }));
  const axis = (label: string | undefined, extra = {}) => ({
    gridcolor: "rgba(125,131,138,.3)",
    zerolinecolor: "rgba(125,131,138,.5)",
    ...(label ? { title: { text: clip(label, 80) } } : {}),
    ...extra,
  });
  return {
    data,
    layout: {
      ...(options.title ? { title: { text: clip(options.title, 90) } } : {}),
      width: options.width ?? 640,
      height: options.height ?? 320,
      margin: { l: 56, r: 16, t: options.title ? 36 : 12, b: 44 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: neutral },
      showlegend: lines.length > 1,
      xaxis: axis(options.xLabel),
      yaxis: axis(options.yLabel, {
        ...(options.logY ? { type: "log" } : {}),
        ...(type === "heatmap" ? { autorange: "reversed" } : {}),
      }),
    },
  };
}

/** The bundle of a chart: Plotly figure, picture, text. No HTML: front ends would show it instead of the figure. */
export async function displayChart(
  chart: { readonly series: readonly ChartSeries[] },
  options: PlotOptions = {},
): Promise<MimeBundle> {
  const lines = chart.series.slice(0, 200).map(thin);
  const type = options.type ?? "line";
  const title = [
    options.title ? clip(options.title, 90) : type === "line" ? "line chart" : type,
    plural(chart.series.length, "series", "series"),
    plural(
      chart.series.reduce((sum, s) => sum + s.y.length, 0),
      "value",
    ),
  ].join(" · ");
  const rows = lines.slice(0, 12).map((line, i) => {
    const [low, high] = bounds(line.y);
    const step = Math.max(1, line.y.length / 48);
    const heights = Array.from({ length: Math.min(48, line.y.length) }, (_, k) => {
      const value = line.y[Math.floor(k * step)]!;
      return Number.isFinite(value) ? (value - low) / (high - low || 1) + 0.05 : 0;
    });
    return [
      line.name || (lines.length > 1 ? String(i) : ""),
      columnChart(heights),
      `${formatNumber(low)} … ${formatNumber(high)}`,
    ];
  });
  const text = [title, textTable(rows)].join("\n");
  if (lines.length === 0 || lines.every((line) => line.y.length === 0))
    return bundle({ text: `${title} · nothing to draw` }, options);
  const scene =
    type === "bar"
      ? drawBars(lines, options)
      : type === "histogram"
        ? drawHistogram(chart.series, lines, options)
        : type === "heatmap"
          ? drawHeat(lines, options)
          : drawLines(lines, options);
  const picture = await scene.toPng({ scale: 1, colors: type === "heatmap" ? 128 : 24 });
  return bundle(
    { text, picture, extra: { "application/vnd.plotly.v1+json": plotlyFigure(lines, chart.series, options) } },
    options,
  );
}

registerDisplay("chart", displayChart);
