/** What a model consists of and costs: what `model.inspect()` gives, as tables. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import { formatBytes } from "../base/shapes.ts";
import type { GraphReport, LayerReport } from "../compiler/tools/inspect.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { bar, formatSi, plural, textTable } from "./text.ts";

const macs = (flops: number | undefined): string => (flops === undefined ? "?" : formatSi(Math.round(flops / 2)));

/** Rows of the summary: what, how much. */
function summaryOf(report: GraphReport): (readonly [string, string])[] {
  const left = report.complete ? "" : " (of the layers whose shapes are known)";
  return [
    ...(report.producer ? [["made by", clip(report.producer, 60)] as const] : []),
    [
      "opset",
      Object.entries(report.opsets)
        .map(([domain, version]) => `${domain} ${version}`)
        .join(", "),
    ],
    ...report.inputs.slice(0, 8).map(({ name, type }) => ["input", `${clip(name, 60)}: ${type}`] as const),
    ...report.outputs.slice(0, 8).map(({ name, type }) => ["output", `${clip(name, 60)}: ${type}`] as const),
    ["parameters", `${formatSi(report.parameters)}, ${formatBytes(report.parameterBytes)}`],
    ["MACs", macs(report.flops) + left],
    [
      "activations",
      report.peakActivationBytes === undefined
        ? "sizes depend on the inputs"
        : `${formatBytes(report.peakActivationBytes)} at once`,
    ],
    ...(report.unknownOperators.length ? [["unknown", clip(report.unknownOperators.join(", "), 120)] as const] : []),
  ];
}

export function displayModelReport(report: GraphReport, options: DisplayOptions = {}): MimeBundle {
  const title = `${clip(report.name, 60)} · ${plural(report.numNodes, "node")}`;
  const rows = summaryOf(report);
  const mostOps = Math.max(1, ...report.operators.map(([, count]) => count));
  const operators = report.operators.slice(0, 30);
  const mostFlops = Math.max(1, ...report.layers.map((layer) => layer.flops ?? 0));
  const layers = report.layers.slice(0, 150);
  const rest = report.layers.length - layers.length;
  const number = (value: string) => html`<td style="text-align:right">${value}</td>`;
  const words = (value: string) => html`<td style="text-align:left">${value}</td>`;
  const layerRow = (layer: LayerReport) =>
    html`<tr>${words(clip(layer.op, 30))}${words(clip(layer.outputs.join(" "), 60))}${number(layer.parameters ? formatSi(layer.parameters) : "")}${number(layer.flops ? macs(layer.flops) : layer.flops === undefined ? "?" : "")}${words(bar((layer.flops ?? 0) / mostFlops, 8))}${number(layer.outputBytes === undefined ? "?" : formatBytes(layer.outputBytes))}${words(clip(layer.node, 48, "end"))}</tr>`;
  const left = (name: string) => html`<th style="text-align:left">${name}</th>`;
  const right = (name: string) => html`<th style="text-align:right">${name}</th>`;
  const id = uniqueId();
  return bundle(
    {
      text: [
        title,
        textTable(rows.map(([what, value]) => [what, value])),
        textTable(
          operators.map(([op, count]) => [clip(op, 30), String(count), bar(count / mostOps, 20)]),
          ["left", "right", "left"],
        ),
      ].join("\n"),
      html: frame(
        id,
        html`<div><b>${title}</b></div>`,
        html`<table style="margin:4px 0 10px"><tbody>${rows.map(([what, value]) => html`<tr>${words(what)}${words(value)}</tr>`)}</tbody></table>`,
        html`<table style="margin:4px 0 10px"><thead><tr>${left("operator")}${right("nodes")}${left("")}</tr></thead><tbody>${operators.map(([op, count]) => html`<tr>${words(clip(op, 40))}${number(String(count))}${words(bar(count / mostOps, 20))}</tr>`)}</tbody></table>`,
        html`<details><summary>${plural(report.layers.length, "layer")}</summary><table><thead><tr>${left("operator")}${left("output")}${right("parameters")}${right("MACs")}${left("")}${right("memory")}${left("node")}</tr></thead><tbody>${layers.map(layerRow)}</tbody></table>${rest > 0 ? html`<div>… ${String(rest)} more in .layers</div>` : undefined}</details>`,
      ),
      script: enhance(id, { sortable: {} }),
    },
    options,
  );
}

registerDisplay("model-report", displayModelReport);
