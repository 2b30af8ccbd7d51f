/** The one text voice: how numbers, counts, bars and tables read in every display, in a terminal as in a cell. */

/**
 * A number with `digits` significant digits and no noise: `0.25`, `1.5e-7`, `12,345`, `NaN`, `-inf`.
 */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) && magnitude < 1e9) return formatCount(value);
  if (magnitude >= 1e6 || magnitude < 1e-4)
    return value
      .toExponential(digits - 2)
      .replace(/\.?0+e/, "e")
      .replace("e+", "e");
  if (magnitude >= 10 ** (digits - 1)) return formatCount(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}

/** `1,234,567`. */
export function formatCount(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** `12 %`, `0.3 %`, `< 0.1 %`; "0 %" only for nothing at all, "100 %" only for everything. */
export function formatShare(part: number, whole: number): string {
  if (!(whole > 0)) return "–";
  const percent = (100 * part) / whole;
  if (part === 0) return "0 %";
  if (percent < 0.1) return "< 0.1 %";
  if (percent < 10) return `${percent.toFixed(1)} %`;
  return part < whole && percent > 99.4 ? "> 99 %" : `${Math.round(percent)} %`;
}

/** `3.2 G`, `140 M`, `12 k`: counts of operations. */
export function formatSi(value: number): string {
  const units = ["", " k", " M", " G", " T", " P"];
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${Number(scaled.toPrecision(3))}${units[unit]}`;
}

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `width` characters at most for a fraction of 0 to 1; anything above 0 shows at least a sliver. */
export function bar(fraction: number, width = 12): string {
  if (!(fraction > 0)) return "";
  const steps = Math.max(1, Math.round(Math.min(1, fraction) * width * 8));
  return "█".repeat(Math.floor(steps / 8)) + eighths[steps % 8];
}

const columns = "▁▂▃▄▅▆▇█";

/** Column glyphs of non-negative values, the largest full height; nothing is a space, the least something a sliver. */
export function columnChart(values: readonly number[]): string {
  const top = Math.max(...values, 0);
  if (top === 0) return " ".repeat(values.length);
  return values.map((v) => (v > 0 ? columns[Math.max(0, Math.ceil((v / top) * 8) - 1)]! : " ")).join("");
}

/** The shade of a value of 0 to 1; NaN is `!`. */
export function shade(value: number): string {
  if (Number.isNaN(value)) return "!";
  return " ░▒▓█"[Math.max(0, Math.min(4, Math.floor(value * 5)))]!;
}

/** `node` or `nodes`: a count with its noun. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : many}`;
}

/** Width in terminal columns: East Asian wide characters and emoji take two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const wide =
      code >= 0x1100 &&
      (code <= 0x115f ||
        (code >= 0x2e80 && code <= 0xa4cf) ||
        (code >= 0xac00 && code <= 0xd7a3) ||
        (code >= 0xf900 && code <= 0xfaff) ||
        (code >= 0xfe30 && code <= 0xfe6f) ||
        (code >= 0xff00 && code <= 0xff60) ||
        (code >= 0x1f300 && code <= 0x1faff));
    width += wide ? 2 : 1;
  }
  return width;
}

export type Align = "left" | "right";

/** Rows as aligned columns two spaces apart; the first row is a header where `header` says so. */
export function textTable(rows: readonly (readonly string[])[], align: readonly Align[] = []): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, textWidth(cell));
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const gap = " ".repeat(widths[i]! - textWidth(cell));
          return align[i] === "right" ? gap + cell : cell + gap;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
