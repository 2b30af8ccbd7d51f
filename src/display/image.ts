/** An image, with what was found on it drawn in and listed beside. */

import type { MimeBundle } from "../base/display-hook.ts";
import { registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { Image } from "../base/image.ts";
import { formatBytes } from "../base/shapes.ts";
import { bundle, type DisplayOptions, defaultMaxBytes, frame, hardMaxBytes, imageElement } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { renderImage } from "./picture.ts";
import { plural, textTable } from "./text.ts";

export interface ImageOptions extends DisplayOptions {
  /** Longest side of the picture shown, pixels. Default 640. */
  readonly maxSide?: number;
  readonly name?: string;
}

interface Row {
  readonly what: string;
  readonly text: string;
  readonly score: string;
  readonly where: string;
}

const pixels = (...values: number[]) => values.map((v) => Math.round(v)).join(", ");
const percent = (score: number | undefined) => (score === undefined ? "" : `${(score * 100).toFixed(1)} %`);

function rowsOf({ annotations: a }: Image): Row[] {
  const rows: Row[] = [];
  for (const box of a.boxes ?? [])
    rows.push({
      what: "box",
      text: clip(box.label ?? "", 60),
      score: percent(box.score),
      where: `${pixels(box.x, box.y)} · ${Math.round(box.width)}×${Math.round(box.height)}`,
    });
  for (const quad of a.quads ?? [])
    rows.push({
      what: quad.text === undefined ? "quad" : "text",
      text: clip(quad.text ?? quad.label ?? "", 120),
      score: percent(quad.score),
      where: pixels(...quad.points[0]),
    });
  for (const mask of a.masks ?? []) {
    let set = 0;
    for (const byte of mask.data) if (byte !== 0) set++;
    rows.push({
      what: "mask",
      text: clip(mask.label ?? "", 60),
      score: percent(mask.score),
      where: `${((100 * set) / Math.max(1, mask.data.length)).toFixed(1)} % of ${mask.width}×${mask.height}`,
    });
  }
  for (const track of a.tracks ?? [])
    rows.push({
      what: "track",
      text: clip(track.label ?? "", 60),
      score: percent(track.score),
      where: `${plural(track.points.length, "point")}`,
    });
  for (const point of a.points ?? [])
    rows.push({
      what: "point",
      text: clip(point.label ?? "", 60),
      score: percent(point.score),
      where: pixels(point.x, point.y),
    });
  for (const label of a.labels ?? [])
    rows.push({ what: "label", text: clip(label.text, 60), score: "", where: pixels(label.x, label.y) });
  return rows;
}

/** The bundle of an image. */
export async function displayImage(image: Image, options: ImageOptions = {}): Promise<MimeBundle> {
  const mode = { 1: "grey", 3: "RGB", 4: "RGBA" }[image.channels];
  const rows = rowsOf(image);
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.what, (counts.get(row.what) ?? 0) + 1);
  const found = [...counts].map(([what, count]) => plural(count, what, what === "box" ? "boxes" : `${what}s`));
  const name = options.name ? `${clip(options.name, 40)} · ` : "";
  const summary = `${name}image ${image.width}×${image.height} ${mode} · ${formatBytes(image.data.length)}${found.length ? ` · ${found.join(", ")}` : ""}`;
  const shown = rows.slice(0, 60);
  const numbered = (row: Row, i: number) => [String(i + 1), row.what, row.text, row.score, row.where];
  const rest = rows.length > shown.length ? `… ${rows.length - shown.length} more` : "";
  const text = [
    summary,
    ...(shown.length ? [textTable(shown.map(numbered), ["right", "left", "left", "right"])] : []),
    ...(rest ? [rest] : []),
  ].join("\n");
  if (image.width === 0 || image.height === 0)
    return bundle({ text, html: frame(uniqueId(), html`<b>${summary}</b>: nothing to draw`) }, options);
  const total = Math.min(options.maxBytes ?? defaultMaxBytes, hardMaxBytes);
  const picture = await renderImage(image, {
    maxSide: options.maxSide,
    maxBytes: Math.max(2000, (total - 6000 - shown.length * 160) / 2.7),
  });
  const id = uniqueId();
  const table = shown.length
    ? html`<details${shown.length <= 20 ? html` open` : ""}><summary>${found.join(", ")}</summary><table><thead><tr><th>#</th><th>what</th><th>text</th><th>score</th><th>where (x, y)</th></tr></thead><tbody>${shown.map(
        (row, i) => html`<tr>${numbered(row, i).map((cell) => html`<td style="text-align:left">${cell}</td>`)}</tr>`,
      )}</tbody></table>${rest}</details>`
    : undefined;
  return bundle(
    {
      text,
      html: frame(id, html`<div><b>${summary}</b></div>`, imageElement(picture, summary), table),
      script: shown.length > 1 ? enhance(id, { sortable: {} }) : undefined,
      picture,
    },
    options,
  );
}

registerDisplay("image", displayImage);
