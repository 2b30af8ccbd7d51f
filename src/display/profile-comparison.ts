/** Two profiles side by side: what became slower or faster, whether that can be chance, and arrows below the roof. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { ComparedInstructions, ProfileComparison } from "../profile/compare-profiles.ts";
import { bundle, type DisplayOptions, frame, imageElement } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { formatSample, formatUs, htmlTable, operatorColors } from "./profile.ts";
import { drawRoofline, type RooflinePoint } from "./roofline.ts";
import { bar, plural, textTable } from "./text.ts";

export const signed = (us: number): string => `${us > 0 ? "+" : us < 0 ? "−" : ""}${formatUs(Math.abs(us))}`;
/** How sure a difference is, in words. */
export const verdict = (chance: number): string =>
  chance < 0.01
    ? `real (p ${chance < 1e-4 ? "< 0.0001" : chance.toFixed(4)})`
    : `may be chance (p ${chance.toFixed(2)})`;

const opsOf = (rows: ComparedInstructions["before"]): string => clip(rows.map((row) => row.op).join(" "), 40) || "–";

/** Nodes, what each side computes them with, both times, the change. */
export function comparedCells(
  { nodes, before, after, beforeTime, afterTime, deltaUs }: ComparedInstructions,
  describe: (side: ComparedInstructions["before"]) => string,
): string[] {
  return [
    clip(nodes[0] ?? "", 40, "end") + (nodes.length > 1 ? ` +${nodes.length - 1}` : ""),
    describe(before),
    describe(after),
    before.length ? formatSample(beforeTime) : "–",
    after.length ? formatSample(afterTime) : "–",
    signed(deltaUs),
  ];
}

/** The bundle of a comparison of profiles. */
export async function displayProfileComparison(
  comparison: ProfileComparison,
  options: DisplayOptions = {},
): Promise<MimeBundle> {
  const { before, after, rows, deltaUs, chance } = comparison;
  const id = uniqueId();
  const side = (profile: typeof before) =>
    `${clip(profile.engine, 20)} on ${plural(profile.threads, "thread")} ${formatSample(profile.wall)}`;
  const ratio = before.wall.median / after.wall.median;
  const summary = `${clip(after.graph, 40)} · ${side(before)} → ${side(after)} · ${signed(deltaUs)}, ${ratio >= 1 ? `${ratio.toFixed(2)}× as fast` : `${(1 / ratio).toFixed(2)}× as slow`}, ${verdict(chance)}`;
  const most = Math.abs(rows[0]?.deltaUs ?? 0) || 1;
  const cells = rows
    .slice(0, 40)
    .map((row) => [...comparedCells(row, opsOf), bar(Math.abs(row.deltaUs) / most, 8), verdict(row.chance)]);
  const heads = ["nodes", "before", "after", "time before", "time after", "change", "", "difference"];
  const points = rows.slice(0, 120).flatMap((row): RooflinePoint[] => {
    const sum = (list: ComparedInstructions["before"], of: "flops" | "bytes") =>
      list.reduce((total, one) => total + one[of], 0);
    const now = row.after[0];
    if (!now) return [];
    return [
      {
        name: clip(now.node, 50, "end"),
        op: now.op,
        us: row.afterTime.median,
        flops: sum(row.after, "flops"),
        bytes: sum(row.after, "bytes"),
        before: row.before.length
          ? { us: row.beforeTime.median, flops: sum(row.before, "flops"), bytes: sum(row.before, "bytes") }
          : undefined,
      },
    ];
  });
  const peaks = after.peaks ?? before.peaks;
  const roofline =
    peaks && points.some((point) => point.flops > 0)
      ? await drawRoofline(peaks, points, operatorColors(after.byOperator)).toPng({ colors: 24 })
      : undefined;
  return bundle(
    {
      text: [
        summary,
        textTable([heads, ...cells.slice(0, 9)], ["left", "left", "left", "right", "right", "right", "left", "left"]),
        rows.length > 9 ? `… ${rows.length - 9} more` : "",
      ]
        .filter(Boolean)
        .join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        htmlTable(heads, cells, [0, 1, 2, 6, 7]),
        rows.length > cells.length ? html`<div>… ${String(rows.length - cells.length)} more</div>` : undefined,
        roofline
          ? html`<div>${imageElement(roofline, "roofline with arrows from before to after")}</div><div><small>an arrow goes from where the same nodes were before</small></div>`
          : undefined,
      ),
      script: enhance(id, { sortable: {} }),
      ...(roofline ? { picture: roofline } : {}),
    },
    options,
  );
}

registerDisplay("profile-comparison", displayProfileComparison);
