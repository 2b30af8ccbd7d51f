/** One operator computed another way: what it costs, what came and went with it, and the critical path before and after. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { ComparedInstructions } from "../profile/compare-profiles.ts";
import type { Profile } from "../profile/profile.ts";
import type { WhatIf } from "../profile/what-if.ts";
import { bundle, type DisplayOptions, frame, imageElement } from "./bundle.ts";
import { categories, neutral } from "./colors.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { formatSample, formatUs, htmlTable, operatorColors } from "./profile.ts";
import { comparedCells, signed, verdict } from "./profile-comparison.ts";
import { Scene } from "./scene.ts";
import { plural, textTable } from "./text.ts";

const width = 640;

/** Both critical paths on one scale of time, an instruction a box; the operator that was asked about is outlined. */
function pathScene({ before, after, node }: WhatIf): Scene {
  const scene = new Scene(width, 74);
  const colorOf = operatorColors(before.byOperator);
  const scale = (width - 2) / Math.max(before.criticalPath.us, after.criticalPath.us, 1e-9);
  const row = (profile: Profile, y: number, name: string) => {
    scene.add({ shape: "text", x: 1, y: y - 4, size: 10, text: `${name}: ${formatUs(profile.criticalPath.us)}` });
    let x = 1;
    for (const index of profile.criticalPath.instructions) {
      const { time, op, nodes, kernel } = profile.instructions[index]!;
      const wide = time.median * scale;
      const color = categories[(colorOf.get(op) ?? 0) - 1] ?? neutral;
      const isAsked = nodes.includes(node);
      scene.add({
        shape: "rect",
        x,
        y,
        w: Math.max(0.5, wide - (wide > 3 ? 1 : 0)),
        h: 16,
        fill: color,
        ...(isAsked ? { stroke: neutral, width: 2 } : { opacity: 0.7 }),
        title: `${clip(op, 24)} ${clip(nodes[0] ?? "", 40, "end")} · ${clip(kernel, 32)} · ${formatUs(time.median)}`,
      });
      x += wide;
    }
  };
  row(before, 16, "critical path before");
  row(after, 54, "after");
  return scene;
}

const side = (rows: ComparedInstructions["before"]): string =>
  clip(rows.map((row) => `${row.op} ${row.kernel}`).join(", "), 60) || "–";

/** The bundle of a what-if. */
export async function displayWhatIf(value: WhatIf, options: DisplayOptions = {}): Promise<MimeBundle> {
  const { before, after, touched, predictedUs, comparison } = value;
  const id = uniqueId();
  const summary = `what if ${clip(value.node, 40, "end")} had ${clip(value.change, 30)}: ${formatUs(before.wall.median)} → ${formatUs(predictedUs)} predicted (${signed(predictedUs - before.wall.median)}), ${formatSample(after.wall)} measured, ${verdict(comparison.chance)}`;
  const path = (profile: Profile) =>
    `${formatUs(profile.criticalPath.us)} in ${plural(profile.criticalPath.instructions.length, "instruction")}`;
  const paths = `critical path ${path(before)} → ${path(after)}`;
  const heads = ["nodes", "before", "after", "time before", "time after", "change", "difference"];
  const cells = touched.slice(0, 20).map((row) => [...comparedCells(row, side), verdict(row.chance)]);
  const picture = await pathScene(value).toPng({ colors: 24 });
  return bundle(
    {
      text: [
        summary,
        textTable([heads, ...cells.slice(0, 8)], ["left", "left", "left", "right", "right", "right", "left"]),
        paths,
      ].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        htmlTable(heads, cells, [0, 1, 2, 6]),
        touched.length > cells.length ? html`<div>… ${String(touched.length - cells.length)} more</div>` : undefined,
        html`<div>${imageElement(picture, paths)}</div>`,
        html`<div><small>${paths}; a box an instruction, as wide as its time, the operator asked about outlined. Predicted: the run before with the instructions above exchanged.</small></div>`,
      ),
      script: enhance(id, { sortable: {} }),
      picture,
    },
    options,
  );
}

registerDisplay("what-if", displayWhatIf);
