/** Maps, one row each: what a classifier says of every row of its input. A bar beside each score. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, type Html, html } from "../base/escape.ts";
import { type MapElement, type MapKey, type MapValue, mapTypeOf } from "../base/map-value.ts";
import { formatType } from "../base/shapes.ts";
import { Tensor } from "../base/tensor.ts";
import { formatValueType } from "../base/value-type.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { describeValue } from "./describe.ts";
import { uniqueId } from "./enhance.ts";
import { bar, formatNumber, plural, textTable } from "./text.ts";

export interface MapsOptions extends DisplayOptions {
  /** Maps shown. Default 10. */
  readonly top?: number;
  /** Keys shown, the largest elements first. Default 10. */
  readonly keys?: number;
}

/** The bundle of maps of one type. Where all elements lie in 0 to 1 they are written in per cent. */
export function displayMaps(maps: readonly MapValue[], options: MapsOptions = {}): MimeBundle {
  const shown = maps.slice(0, Math.max(1, Math.min(100, options.top ?? 10)));
  const numbers = shown.flatMap((map) => [...map.values()].map(toNumber)).filter((v) => v !== undefined);
  const isShare = numbers.length > 0 && numbers.every((v) => Number.isNaN(v) || (v >= 0 && v <= 1));
  const largest = isShare ? 1 : numbers.reduce((max, v) => (Math.abs(v) > max ? Math.abs(v) : max), 0);
  const write = (element: MapElement): string => {
    if (element instanceof Tensor) return formatType(element.dtype, element.shape);
    if (typeof element === "string") return describeValue(element, 0, 60);
    if (typeof element === "bigint") return String(element);
    return isShare && !Number.isNaN(element) ? `${(element * 100).toFixed(1)} %` : formatNumber(element);
  };
  const glyphs = (element: MapElement): string => bar(Math.abs(toNumber(element) ?? 0) / (largest || 1), 16);
  const numKeys = Math.max(1, Math.min(100, options.keys ?? 10));
  const summary = [
    `${plural(maps.length, "map")}${maps[0] ? ` · ${formatValueType(mapTypeOf(maps[0]))}` : ""}`,
    shown.length < maps.length ? ` · first ${shown.length}` : "",
  ].join("");
  const rows: string[][] = [];
  const body: Html[] = [];
  for (const [index, map] of shown.entries()) {
    const entries = [...map].sort(byElement);
    const kept = entries.slice(0, numKeys);
    const rest = entries.length - kept.length;
    const at = maps.length > 1 ? `${index}` : "";
    const cells = kept.map(([key, element]) => [keyText(key), write(element), glyphs(element)] as const);
    for (const [i, cell] of cells.entries()) rows.push([i === 0 ? at : "", ...cell]);
    if (rest > 0) rows.push(["", `… ${rest} more`, "", ""]);
    if (kept.length === 0) rows.push([at, "(empty)", "", ""]);
    body.push(
      html`<tr><td style="vertical-align:top;text-align:right">${at}</td><td><table><tbody>${cells.map(([key, value, drawn]) => html`<tr><td style="text-align:left">${key}</td><td style="text-align:right">${value}</td><td style="text-align:left">${drawn}</td></tr>`)}${rest > 0 ? html`<tr><td style="text-align:left">… ${rest} more</td></tr>` : undefined}${kept.length === 0 ? html`<tr><td>(empty)</td></tr>` : undefined}</tbody></table></td></tr>`,
    );
  }
  const alignment = ["right", "left", "right", "left"] as const;
  return bundle(
    {
      text: [summary, textTable(rows, [...alignment])].join("\n"),
      html: frame(uniqueId(), html`<div><b>${summary}</b></div>`, html`<table><tbody>${body}</tbody></table>`),
    },
    options,
  );
}

const keyText = (key: MapKey): string => (typeof key === "string" ? clip(key, 60) : String(key));

const toNumber = (element: MapElement): number | undefined =>
  typeof element === "number" || typeof element === "bigint" ? Number(element) : undefined;

/** Largest first; what is no number, and NaN, stays in its order behind. */
function byElement([, a]: readonly [MapKey, MapElement], [, b]: readonly [MapKey, MapElement]): number {
  const [x, y] = [toNumber(a) ?? Number.NaN, toNumber(b) ?? Number.NaN];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return y - x;
}

registerDisplay("maps", displayMaps);
