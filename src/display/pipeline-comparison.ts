/** Pipelines beside each other: stages in rows, pipelines in columns, the first one's times as bars. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { PipelineComparison } from "../profile/compare-pipelines.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { uniqueId } from "./enhance.ts";
import { htmlTable } from "./profile.ts";
import { bar, plural, textTable } from "./text.ts";

/** The bundle of a comparison. */
export function displayPipelineComparison(comparison: PipelineComparison, options: DisplayOptions = {}): MimeBundle {
  const { head, rows } = comparison.table();
  const heads = ["", ...head.slice(1)].map((name) => clip(name, 40));
  const longest = Math.max(...comparison.rows.flatMap(({ stageMs }) => [...stageMs.values()].map((s) => s.median)), 0);
  const shown = rows.slice(0, 100).map((row) => {
    const bars = comparison.rows.map(({ stageMs }) => bar((stageMs.get(row[0]!)?.median ?? 0) / (longest || 1), 8));
    return [clip(row[0]!, 40), ...row.slice(1).flatMap((cell, i) => [cell, bars[i]!])];
  });
  const doubled = [heads[0]!, ...heads.slice(1).flatMap((name) => [name, ""])];
  const summary = `${clip(comparison.pipeline, 40)} · ${comparison.rows.map(({ name }) => clip(name, 30)).join(" beside ")} · ${plural(comparison.numFrames, "frame")} · ${plural(comparison.rounds, "round")}`;
  const note = "measured in turn; median ± half the distance of the quartiles";
  const id = uniqueId();
  return bundle(
    {
      text: [
        summary,
        textTable([doubled, ...shown], ["left", ...comparison.rows.flatMap(() => ["right", "left"] as const)]),
      ].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        htmlTable(doubled, shown, [0, ...comparison.rows.map((_, i) => 2 * i + 2)]),
        html`<div><small>${note}</small></div>`,
      ),
    },
    options,
  );
}

registerDisplay("pipeline-comparison", displayPipelineComparison);
