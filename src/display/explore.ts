/**
 * A run to look into. Without scripts: the graph by time, the timeline, a sheet of small pictures of the tensors and a list. With
 * scripts one selection goes through all four; with the kernel the selected tensor is the real one.
 */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html, markup } from "../base/escape.ts";
import { formatType } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Exploration, Step } from "../profile/explore.ts";
import { bundle, type DisplayOptions, defaultMaxBytes, frame, hardMaxBytes, imageElement } from "./bundle.ts";
import { clearIndex, heatPalette } from "./colors.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { displayGraph } from "./graph.ts";
import { levelOf, type Scale, spread } from "./heat.ts";
import { type Answer, live } from "./live.ts";
import { encodePng, enlarge, type IndexedPicture } from "./png.ts";
import { formatUs, operatorColors } from "./profile.ts";
import { colorRange, elementReader, statisticsOf } from "./statistics.ts";
import { displayTensor } from "./tensor.ts";
import { formatNumber, plural, textTable } from "./text.ts";
import { timelinePicture, totalsBy } from "./trace.ts";

/** Cells of a small picture, pixels of a cell, and pictures beside each other. */
const side = 14;
const zoom = 2;
const across = 20;
/** Bytes of an instruction with a long name (its row, its picture, its line of the script), and of all else but the graph. */
const stepBytes = 560;
const otherBytes = 7500;

interface Shown {
  readonly step: Step;
  /** Position among all instructions. */
  readonly index: number;
  readonly values: string;
}

/** The first plane of a tensor in at most 14 × 14 of its elements. */
function draw(tensor: Tensor, into: IndexedPicture, x0: number, y0: number): string {
  if (tensor.dtype === "string" || tensor.size === 0) return "";
  const s = statisticsOf(tensor);
  const { low, high } = colorRange(s);
  const scale: Scale = { kind: "sequential", low, high, linear: 0 };
  const read = elementReader(tensor);
  let [rows, columns] = [tensor.shape.at(-2) ?? 1, tensor.shape.at(-1) ?? 1];
  // Vectors in rows: [1,1,1,64] and [64] alike.
  if (rows * columns < 4 && tensor.size >= 4)
    [rows, columns] = [Math.floor(Math.sqrt(tensor.size)), Math.floor(Math.sqrt(tensor.size))];
  else if (rows === 1 && columns > side) {
    rows = Math.floor(Math.sqrt(columns));
    columns = Math.floor(columns / rows);
  }
  const [ys, xs] = [spread(rows, Math.min(rows, side)), spread(columns, Math.min(columns, side))];
  for (const [y, row] of ys.entries())
    for (const [x, column] of xs.entries())
      into.indices[(y0 + y) * into.width + x0 + x] = levelOf(scale, read(row * columns + column));
  const bad = s.nans + s.positiveInfs + s.negativeInfs;
  return `${formatNumber(s.min, 3)} … ${formatNumber(s.max, 3)}${bad ? `, ${bad} not finite!` : ""}`;
}

/** Whether a shape of the graph's drawing, by its key, is the node or a group that holds it. */
const isIn = (key: string, name: string): boolean =>
  key.startsWith(`${name} `) || (!key.startsWith(" ") && name.startsWith(`${key.split(" ")[0]}/`));

/** The bundle of an exploration. */
export async function displayExploration(exploration: Exploration, options: DisplayOptions = {}): Promise<MimeBundle> {
  const { trace, steps, graph } = exploration;
  const maxBytes = Math.min(hardMaxBytes, options.maxBytes ?? defaultMaxBytes);
  const id = uniqueId();
  const summary = `explore ${clip(trace.engine, 20)} · ${clip(trace.graph, 40)} · ${formatUs(trace.wallUs)} with every tensor kept · ${plural(steps.length, "instruction")}`;
  if (steps.length === 0) return bundle({ text: summary, html: frame(id, html`<b>${summary}</b>`) }, options);
  const time = ({ event }: Step) => event.endUs - event.startUs;
  const times = new Map<string, number>();
  for (const step of steps)
    for (const node of step.nodes) times.set(node, (times.get(node) ?? 0) + time(step) / step.nodes.length);
  const drawn = await displayGraph(graph, {
    maxBytes: Math.floor(maxBytes * 0.58),
    live: false,
    isPart: true,
    overlay: { title: "time, shared among fused nodes", values: times, format: formatUs },
  });
  const graphHtml = String(drawn["text/html"]);
  const graphScript = graphHtml.match(/<script>[\s\S]*<\/script>/)?.[0] ?? "";
  // As many as fit beside the graph: a bundle that is too large loses its scripts.
  const room = maxBytes - otherBytes - Buffer.byteLength(graphHtml);
  const limit = Math.max(10, Math.min(1000, Math.floor(room / stepBytes)));
  const longest = new Set(steps.toSorted((a, b) => time(b) - time(a)).slice(0, limit));
  const chosen = steps.flatMap((step, index) => (longest.has(step) ? [{ step, index }] : []));
  const rowsOfSheet = Math.ceil(chosen.length / across);
  const width = Math.min(across, chosen.length) * (side + 1) - 1;
  const height = rowsOfSheet * (side + 1) - 1;
  const sheet: IndexedPicture = {
    width,
    height,
    indices: new Uint8Array(width * height).fill(clearIndex),
    palette: heatPalette("sequential"),
  };
  const shown = chosen.map(({ step, index }, place): Shown => {
    const [x, y] = [(place % across) * (side + 1), Math.floor(place / across) * (side + 1)];
    return { step, index, values: step.tensor ? draw(step.tensor, sheet, x, y) : "" };
  });
  const large = enlarge(sheet, zoom);
  const sheetPicture = {
    type: "image/png",
    bytes: encodePng(large),
    width: large.width,
    height: large.height,
  } as const;
  const byOp = totalsBy(trace.events, (event) => event.op);
  const timeline = timelinePicture(trace, operatorColors(byOp.map(({ key }) => ({ name: key }))));
  const typeOf = ({ step }: Shown) =>
    step.tensor ? clip(formatType(step.tensor.dtype, step.tensor.shape), 30) : "not kept";
  const cells = shown.map((one) => [
    String(one.index),
    clip(one.step.event.node, 36, "end"),
    clip(one.step.event.op, 20),
    formatUs(time(one.step)),
    typeOf(one),
    one.values,
  ]);
  const made = bundle(
    {
      text: [
        summary,
        textTable(cells.toSorted((a, b) => time(steps[Number(b[0])]!) - time(steps[Number(a[0])]!)).slice(0, 12), [
          "right",
          "left",
          "left",
          "right",
          "left",
          "left",
        ]),
      ].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        timeline ? html`<div>${imageElement(timeline, "timeline")}</div>` : undefined,
        html`<div>${imageElement(sheetPicture, "tensors")}</div>`,
        html`<div><small>above: time to the right. Small pictures: the first plane of each tensor${shown.length < steps.length ? ` of the ${shown.length} longest instructions` : ""}, in the order of computation, ${across} a row; NaN magenta</small></div>`,
        html`<details><summary>${shown.length < steps.length ? `the ${shown.length} longest of ${steps.length} instructions` : plural(steps.length, "instruction")}</summary><table><thead><tr>${["#", "node", "operator", "time", "tensor", "values"].map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${cells.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></details>`,
        markup(graphHtml.replace(graphScript, "")),
      ),
      script: markup(
        graphScript +
          enhance(id, {
            explore: {
              wall: trace.events.reduce((latest, event) => Math.max(latest, event.endUs), trace.wallUs),
              across,
              side,
              zoom,
              steps: shown.map((one) => [
                Math.round(one.step.event.startUs),
                Math.round(one.step.event.endUs),
                clip(one.step.event.node, 60, "end"),
                `#${one.index} ${clip(one.step.event.op, 20)} · ${formatUs(time(one.step))} · ${typeOf(one)} · ${one.values}`,
                one.step.nodes.slice(0, 4).map((name) => clip(name, 60, "end")),
              ]),
            },
          }).text,
      ),
      ...(timeline ? { picture: timeline } : {}),
    },
    options,
  );
  const held = [...trace.tensors.values()].reduce((sum, tensor) => sum + tensor.sizeBytes, 0);
  const page = {
    clicks: true,
    controls: [
      { name: "step", label: "tensor of instruction", type: "range", max: steps.length - 1, value: -1 } as const,
    ],
  };
  return live(made, exploration, held, options, page, async (value, { step, key }): Promise<Answer> => {
    const pressed =
      typeof key === "string" ? value.steps.findIndex(({ nodes }) => nodes.some((name) => isIn(key, name))) : -1;
    const index = pressed >= 0 ? pressed : typeof step === "number" ? step : -1;
    const found = value.steps[index];
    if (!found?.tensor) {
      const text = index < 0 ? "choose an instruction" : `instruction ${index} gave out no tensor`;
      return { bundle: { "text/html": frame(uniqueId(), html`${text}`).text, "text/plain": text }, below: true };
    }
    const name = `#${index} ${found.event.op} ${found.event.node}`;
    return { bundle: await displayTensor(found.tensor, { name, maxBytes: 200_000 }), below: true };
  });
}

registerDisplay("exploration", displayExploration);
