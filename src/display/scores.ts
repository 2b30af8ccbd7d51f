/** Scores of labels: the best ones, with bars. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import { Tensor } from "../base/tensor.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { uniqueId } from "./enhance.ts";
import { readBlock } from "./statistics.ts";
import { bar, formatCount, formatNumber, textTable } from "./text.ts";

export interface Scores {
  readonly kind?: "scores";
  readonly values: Tensor | ArrayLike<number>;
  /** By position; default: the positions. */
  readonly labels?: readonly string[];
}

/** The bundle of scores. What lies in 0 to 1 is written in per cent. */
export function displayScores({ values, labels }: Scores, options: DisplayOptions & { top?: number } = {}): MimeBundle {
  const list = values instanceof Tensor ? readBlock(values, 0, values.size) : Float64Array.from(values);
  const order = [...list.keys()].sort((a, b) => {
    const [x, y] = [list[a]!, list[b]!];
    return Number.isNaN(x) || Number.isNaN(y) ? Number(Number.isNaN(x)) - Number(Number.isNaN(y)) : y - x;
  });
  const shown = order.slice(0, Math.max(1, Math.min(100, options.top ?? 10)));
  const shares = list.every((v) => Number.isNaN(v) || (v >= 0 && v <= 1));
  const finite = shown.map((i) => list[i]!).filter(Number.isFinite);
  const [low, high] = shares ? [0, 1] : [Math.min(0, ...finite), Math.max(...finite, 0)];
  const rows = shown.map((i) => {
    const value = list[i]!;
    return [
      clip(labels?.[i] ?? String(i), 60),
      shares && !Number.isNaN(value) ? `${(value * 100).toFixed(1)} %` : formatNumber(value),
      bar((value - low) / (high - low || 1), 20),
    ];
  });
  const summary = `${formatCount(list.length)} scores${shown.length < list.length ? ` · best ${shown.length}` : ""}`;
  return bundle(
    {
      text: [summary, textTable(rows, ["left", "right", "left"])].join("\n"),
      html: frame(
        uniqueId(),
        html`<div><b>${summary}</b></div>`,
        html`<table><tbody>${rows.map(([label, value, glyphs]) => html`<tr><td style="text-align:left">${label}</td><td style="text-align:right">${value}</td><td style="text-align:left">${glyphs}</td></tr>`)}</tbody></table>`,
      ),
    },
    options,
  );
}

registerDisplay("scores", displayScores);
