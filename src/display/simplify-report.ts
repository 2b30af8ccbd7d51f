/** What a simplification did: the model before and after, the operators that changed in number, and each pass. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, type Html, html } from "../base/escape.ts";
import type { Certificate } from "../compiler/tools/certificate.ts";
import type { SimplifyReport } from "../compiler/tools/simplify.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { bar, plural } from "./text.ts";

const cell = (value: string, right = true) => html`<td style="text-align:${right ? "right" : "left"}">${value}</td>`;

function tableOf(head: readonly string[], rows: readonly (readonly string[])[], left: readonly number[]): Html {
  const title = (name: string, i: number) =>
    html`<th style="text-align:${left.includes(i) ? "left" : "right"}">${name}</th>`;
  return html`<table style="margin:4px 0 10px"><thead><tr>${head.map(title)}</tr></thead><tbody>${rows.map(
    (row) => html`<tr>${row.map((value, i) => cell(value, !left.includes(i)))}</tr>`,
  )}</tbody></table>`;
}

/** One line on what a comparison found. */
function verdict({ holds, worst, float64, samples, engine }: Certificate): string {
  const found = worst.bitEqual ? "bit-equal" : `largest difference ${worst.maxRelative.toExponential(1)}`;
  const error = float64
    ? `; error against float64 ${float64.before.toExponential(1)} before, ${float64.after.toExponential(1)} after`
    : "";
  return `${holds ? "✓ same outputs" : "✗ outputs differ"}: ${found} on ${plural(samples.length, "random input")} (${engine})${error}`;
}

export function displaySimplifyReport(report: SimplifyReport, options: DisplayOptions = {}): MimeBundle {
  const { before, after, certificate } = report;
  const name = clip(before.name, 60);
  const summary = `${name} · ${plural(before.numNodes, "node")} → ${after.numNodes} · ${plural(report.rewrites.length, "rewrite")}`;
  const errors = new Map(certificate?.passes.map((pass) => [pass.pass, pass.float64?.after]));
  const measured = [...errors.values()].some((error) => error !== undefined);
  const most = Math.max(1, ...report.byPass.map((row) => row.removed - row.added));
  const passes = report.byPass.map((row) => [
    clip(row.pass, 40),
    row.class,
    String(row.rewrites),
    row.removed ? `−${row.removed}` : "",
    row.added ? `+${row.added}` : "",
    bar((row.removed - row.added) / most, 10),
    ...(measured ? [row.class === "exact" ? "0" : (errors.get(row.pass)?.toExponential(1) ?? "")] : []),
  ]);
  const passHead = ["pass", "class", "rewrites", "nodes", "", "", ...(measured ? ["error to float64"] : [])];
  const operators = [...report.operators]
    .sort((a, b) => Math.abs(b[2] - b[1]) - Math.abs(a[2] - a[1]))
    .map(([op, x, y]) => [clip(op, 40), String(x), String(y), y > x ? `+${y - x}` : `−${x - y}`]);
  const log = report.rewrites
    .slice(0, 60)
    .map((r) => [String(r.index), r.pass, clip(r.removed.join(", "), 90), clip(r.added.join(", "), 60)]);
  const rest = report.rewrites.length - log.length;
  const id = uniqueId();
  return bundle(
    {
      text: [summary, ...(certificate ? [verdict(certificate)] : []), report.toString()].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        certificate ? html`<div>${verdict(certificate)}</div>` : undefined,
        tableOf(["", "before", "after"], report.rows, [0]),
        passes.length > 0 ? tableOf(passHead, passes, [0, 1, 5]) : undefined,
        operators.length > 0
          ? html`<details><summary>${plural(operators.length, "operator")} changed in number</summary>${tableOf(["operator", "before", "after", ""], operators, [0])}</details>`
          : undefined,
        log.length > 0
          ? html`<details><summary>${plural(report.rewrites.length, "rewrite")}</summary>${tableOf(["", "pass", "nodes that went", "nodes that came"], log, [1, 2, 3])}${rest > 0 ? html`<div>… ${String(rest)} more in report.rewrites</div>` : undefined}</details>`
          : undefined,
      ),
      script: passes.length > 1 ? enhance(id, { sortable: {} }) : undefined,
    },
    options,
  );
}

registerDisplay("simplify-report", displaySimplifyReport);
