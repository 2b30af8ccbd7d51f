/** How many columns a text takes in a terminal, and where its characters begin. */

const segmenter = new Intl.Segmenter();
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Columns of a text without control sequences. */
export function columns(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text))
    width += wide.test(segment) ? 2 : /^\p{M}+$/u.test(segment) ? 0 : 1;
  return width;
}

/** The place of the character before (-1) or after (1) a place. */
export function step(text: string, at: number, direction: -1 | 1): number {
  if (direction > 0) {
    const next = segmenter
      .segment(text.slice(at, at + 64))
      [Symbol.iterator]()
      .next();
    return next.done ? at : at + next.value.segment.length;
  }
  const from = Math.max(0, at - 64);
  let last = 0;
  for (const { segment } of segmenter.segment(text.slice(from, at))) last = segment.length;
  return at - last;
}
