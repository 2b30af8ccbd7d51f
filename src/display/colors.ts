/**
 * Colour scales. Both are ordered in lightness too (the diverging one from its middle outwards), so a grey print and a
 * colour-blind reader keep the order; the text and the numbers beside a picture never depend on colour.
 */

type Rgb = readonly [number, number, number];

/** Dark blue to pale yellow, lightness rising. */
const sequential: readonly Rgb[] = [
  [33, 22, 66],
  [45, 58, 122],
  [33, 104, 142],
  [32, 146, 140],
  [92, 186, 108],
  [178, 216, 84],
  [250, 236, 130],
];

/** Blue below zero, near white at zero, orange-red above. */
const diverging: readonly Rgb[] = [
  [18, 48, 128],
  [62, 120, 196],
  [150, 190, 228],
  [244, 243, 240],
  [244, 178, 130],
  [214, 92, 62],
  [128, 18, 34],
];

/** Distinct colours of middle lightness: they read on white and on black. */
export const categories: readonly string[] = [
  "#3b82c4",
  "#d9742b",
  "#3a9e5c",
  "#c2487f",
  "#8a63c9",
  "#a08a1e",
  "#1f9aa8",
  "#b5493c",
];

/** Grey that reads on white and on black. */
export const neutral = "#7d838a";

/**
 * Cards of a drawing: bright plain fills, on which dark text reads on a light and on a dark page. Our Lab changes these, and only
 * these, in a dark theme (web/src/displays.css).
 */
export const cardColors = {
  nodes: "#eef2f7",
  group: "#dfe6f3",
  input: "#e3f1e4",
  output: "#f6e9dd",
  faint: "#d3d7dc",
  ink: "#1b2430",
  detail: "#5a6675",
  faintInk: "#5f6873",
} as const;

/** The colour of a category by name: equal names, equal colours; near names are no nearer than others. */
export function categoryColor(name: string, index?: number): string {
  let hash = index ?? 0;
  if (index === undefined) for (const c of name) hash = (hash * 31 + c.codePointAt(0)!) >>> 0;
  return categories[hash % categories.length]!;
}

function interpolate(stops: readonly Rgb[], t: number): Rgb {
  const position = Math.max(0, Math.min(1, t)) * (stops.length - 1);
  const index = Math.min(stops.length - 2, Math.floor(position));
  const f = position - index;
  const [a, b] = [stops[index]!, stops[index + 1]!];
  return [0, 1, 2].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * f)) as unknown as Rgb;
}

/** `#rrggbb` of a position 0 to 1 on a scale. */
export function scaleColor(scale: "sequential" | "diverging", t: number): string {
  const rgb = interpolate(scale === "sequential" ? sequential : diverging, t);
  return `#${rgb.map((c) => c.toString(16).padStart(2, "0")).join("")}`;
}

/** Palette indices with a meaning of their own, after the levels of a scale. */
export const levels = 200;
export const nanIndex = 200;
export const infIndex = 201;
export const minusInfIndex = 202;
export const clearIndex = 203;
export const inkIndex = 204;
export const faintIndex = 205;

/** RGBA palette of a heat map: `levels` colours of the scale, then NaN, ±inf, transparent, and two inks for lines. */
export function heatPalette(scale: "sequential" | "diverging"): Uint8Array {
  const palette = new Uint8Array(4 * 206);
  const stops = scale === "sequential" ? sequential : diverging;
  for (let i = 0; i < levels; i++) palette.set([...interpolate(stops, i / (levels - 1)), 255], i * 4);
  palette.set([255, 0, 255, 255], nanIndex * 4);
  palette.set([0, 200, 0, 255], infIndex * 4);
  palette.set([0, 110, 0, 255], minusInfIndex * 4);
  palette.set([0, 0, 0, 0], clearIndex * 4);
  palette.set([59, 130, 196, 255], inkIndex * 4);
  palette.set([125, 131, 138, 110], faintIndex * 4);
  return palette;
}

/** Black or white, whichever reads on a `#rrggbb`. */
export function inkOn(color: string): string {
  const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(color.slice(i, i + 2), 16)) as [number, number, number];
  return 0.299 * r + 0.587 * g + 0.114 * b > 150 ? "#15181c" : "#ffffff";
}
