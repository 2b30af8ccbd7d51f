/** Where engines differ, and where a run stops being finite. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, type Html, html, markup } from "../base/escape.ts";
import { numbersOf } from "../base/numbers.ts";
import { formatType } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { EngineComparison } from "../profile/compare-engines.ts";
import type { BadTensor, NanReport } from "../profile/find-nan.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { displayComparison } from "./compare.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { encodePng } from "./png.ts";
import { htmlTable } from "./profile.ts";
import { displayTensor } from "./tensor.ts";
import { formatNumber, plural, textTable } from "./text.ts";

/** Steps of the error map: below 1e-8, then a step a decade up to 1 and more; the last for a missing tensor. */
const steps = ["#2d6a4f", "#40916c", "#74a57f", "#a3b18a", "#d4c26a", "#e9a03b", "#e0752d", "#cf3f2e", "#8f1d2c"];
const stepOf = (error: number): number =>
  error === 0 ? 0 : Math.max(0, Math.min(steps.length - 1, Math.floor(Math.log10(error)) + 9));

const mapWidth = 640;
const laneHeight = 16;

/** Layers to the right, a lane an engine, green where it agrees, red where it is apart, clear where there is nothing. */
function errorMap({ tensors, engines }: EngineComparison): Picture | undefined {
  if (tensors.length === 0) return undefined;
  const lanes = engines.length - 1;
  const height = lanes * laneHeight;
  const indices = new Uint8Array(mapWidth * height);
  for (let lane = 0; lane < lanes; lane++)
    for (let x = 0; x < mapWidth; x++) {
      // Of the tensors that share a column the worst is seen.
      const from = Math.floor((x / mapWidth) * tensors.length);
      const to = Math.max(from + 1, Math.floor(((x + 1) / mapWidth) * tensors.length));
      let worst: number | undefined;
      for (const { errors } of tensors.slice(from, to)) {
        const error = errors[lane];
        if (error !== undefined && (worst === undefined || !(error <= worst))) worst = error;
      }
      const color = worst === undefined ? 0 : 1 + stepOf(Number.isNaN(worst) ? 1 : worst);
      for (let y = lane * laneHeight + 1; y < (lane + 1) * laneHeight - 1; y++) indices[y * mapWidth + x] = color;
    }
  const palette = new Uint8Array((steps.length + 1) * 4);
  for (const [i, color] of steps.entries())
    palette.set([1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)).concat(255), (i + 1) * 4);
  return {
    type: "image/png",
    bytes: encodePng({ width: mapWidth, height, indices, palette }),
    width: mapWidth,
    height,
  };
}

const errorText = (error: number | undefined): string =>
  error === undefined ? "–" : error === 0 ? "equal" : Number.isFinite(error) ? error.toExponential(1) : "not finite";

/** The page of another display, without its scripts and picture of its own. */
function pageOf(shown: MimeBundle): Html | undefined {
  const text = shown["text/html"];
  return typeof text === "string" ? markup(text.replace(/<script>[\s\S]*?<\/script>/g, "")) : undefined;
}

/** The bundle of a comparison of engines. */
export async function displayEngineComparison(
  comparison: EngineComparison,
  options: DisplayOptions = {},
): Promise<MimeBundle> {
  const { engines, tensors, tolerance, divergences, worst } = comparison;
  const truth = engines.at(-1)!;
  const id = uniqueId();
  const summary = `${clip(comparison.graph, 40)} · ${engines
    .slice(0, -1)
    .map((name) => clip(name, 30))
    .join(", ")} against ${clip(truth, 30)} · ${plural(tensors.length, "tensor")} compared`;
  const lines = comparison.toString().split("\n").slice(1);
  const largest = tensors
    .toSorted((a, b) => Math.max(...b.errors.map((e) => e ?? 0)) - Math.max(...a.errors.map((e) => e ?? 0)))
    .slice(0, 12);
  const row = (tensor: (typeof tensors)[number]) => [
    clip(tensor.name, 44, "end"),
    clip(tensor.op, 24),
    clip(formatType(tensor.dtype, tensor.shape), 32),
    ...tensor.errors.map(errorText),
  ];
  const picture = errorMap(comparison);
  const firsts = new Set(divergences.map((divergence) => divergence?.tensor));
  const marked = tensors.filter((tensor) => firsts.has(tensor.name));
  const near = marked.length
    ? tensors.slice(Math.max(0, tensors.indexOf(marked[0]!) - 4), tensors.indexOf(marked[0]!) + 4)
    : [];
  const heads = ["tensor", "operator", "type", ...engines.slice(0, -1).map((name) => `error of ${clip(name, 24)}`)];
  const pair =
    worst &&
    pageOf(displayComparison({ a: worst.found, b: worst.expected }, { names: [engines[0]!, truth], maxBytes: 24_000 }));
  return bundle(
    {
      text: [
        summary,
        ...lines.map((line) => clip(line, 500)),
        textTable((near.length ? near : largest.slice(0, 8)).map(row), ["left", "left", "left", "right", "right"]),
      ].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<ul>${lines.map((line) => html`<li>${clip(line, 800)}</li>`)}</ul>`,
        picture
          ? html`<div>${imageElement(picture, "error of each tensor")}</div><div><small>tensors to the right in the order of computation, a lane an engine; from green (equal) over yellow (1e-4) to red (1): largest difference relative to the largest value; equal within ${String(tolerance)}</small></div>`
          : undefined,
        near.length
          ? html`<div>around the first difference</div>${htmlTable(heads, near.map(row), [0, 1, 2])}`
          : undefined,
        html`<details><summary>tensors that are furthest apart</summary>${htmlTable(heads, largest.map(row), [0, 1, 2])}</details>`,
        pair
          ? html`<details${divergences.some((d) => d) ? html` open` : undefined}><summary>${clip(worst!.name, 60, "end")} on ${clip(engines[0]!, 30)} and ${clip(truth, 30)}</summary>${pair}</details>`
          : undefined,
        divergences.some((divergence) => divergence?.failing)
          ? html`<div><small>the smallest part that differs is <code>.divergences[${String(divergences.findIndex((d) => d?.failing))}].failing</code>: its <code>graph</code>, <code>feeds</code>, <code>expected</code>, and <code>save(folder)</code> for a test to keep</small></div>`
          : undefined,
      ),
      script: enhance(id, { sortable: {} }),
      ...(picture ? { picture } : {}),
    },
    options,
  );
}

/** The bundle of a search for what is not finite. */
export async function displayNanReport(report: NanReport, options: DisplayOptions = {}): Promise<MimeBundle> {
  const id = uniqueId();
  const bad = report.nan ?? report.infinity;
  const summary = `${clip(report.graph, 40)} on ${clip(report.engine, 20)} · ${plural(report.looked, "tensor")} looked at · ${
    bad
      ? `${report.outputs.length ? `reaches ${report.outputs.map((name) => clip(name, 30)).join(", ")}` : "reaches no output"}`
      : "all finite"
  }`;
  const lines = report.toString().split("\n");
  const shown = async (tensor: Tensor) => pageOf(await displayTensor(tensor, { maxBytes: 20_000, live: false }));
  const inputs = bad ? bad.inputs.slice(0, 3) : [];
  const rangeOf = ({ tensor, name }: BadTensor["inputs"][number]) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    if (tensor.dtype === "string") return [clip(name, 44, "end"), formatType(tensor.dtype, tensor.shape), "", ""];
    for (const number of numbersOf(tensor)) {
      if (number < low) low = number;
      if (number > high) high = number;
    }
    return [clip(name, 44, "end"), formatType(tensor.dtype, tensor.shape), formatNumber(low), formatNumber(high)];
  };
  const ranges = bad ? bad.inputs.map(rangeOf) : [];
  const picture = bad && (await shown(bad.tensor));
  return bundle(
    {
      text: [summary, ...lines.map((line) => clip(line, 600)), ranges.length ? textTable(ranges) : ""]
        .filter(Boolean)
        .join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<ul>${lines.map((line) => html`<li>${clip(line, 800)}</li>`)}</ul>`,
        ranges.length ? htmlTable(["read", "type", "least", "largest"], ranges, [0, 1]) : undefined,
        picture ? html`<div>${picture}</div>` : undefined,
        inputs.length && inputs[0]!.tensor.size > 0
          ? html`<details><summary>${clip(inputs[0]!.name, 60, "end")}, which it read</summary>${await shown(inputs[0]!.tensor)}</details>`
          : undefined,
      ),
    },
    options,
  );
}

registerDisplay("engine-comparison", displayEngineComparison);
registerDisplay("nan-report", displayNanReport);
