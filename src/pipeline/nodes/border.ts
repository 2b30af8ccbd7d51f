/** What lies outside a picture: five ways, for filters, warps and padding alike. */

/** In the order of native/vision/border.h. */
export const borders = ["replicate", "reflect101", "reflect", "wrap", "constant"] as const;

/**
 * replicate: aaa|abcd|ddd. reflect101: dcb|abcd|cba. reflect: cba|abcd|dcb. wrap: bcd|abcd|abc. constant: one level.
 */
export type Border = (typeof borders)[number];

/** The index in [0, n) that stands for i; -1 for a constant. n > 0. */
export function borderIndex(i: number, n: number, border: Border): number {
  if (i >= 0 && i < n) return i;
  if (border === "replicate") return i < 0 ? 0 : n - 1;
  if (border === "constant") return -1;
  if (border === "wrap") return ((i % n) + n) % n;
  const period = border === "reflect" ? 2 * n : 2 * (n - 1);
  if (period === 0) return 0;
  const at = ((i % period) + period) % period;
  return at < n ? at : period - at - (border === "reflect" ? 1 : 0);
}

/** The positions -reach … n - 1 + reach, each as the index that stands for it. */
export function borderTable(n: number, reach: number, border: Border): Int32Array {
  return Int32Array.from({ length: n + 2 * reach }, (_, i) => borderIndex(i - reach, n, border));
}

export const borderParameter = {
  type: "text",
  choices: borders,
  about: "what lies outside the picture",
} as const;
