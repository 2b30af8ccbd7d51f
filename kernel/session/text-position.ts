/** Positions of messages count code points; JavaScript's strings, and everything behind the handlers, UTF-16 units. */

/** The UTF-16 offset of a code point position; the text's end for one behind it. */
export function toOffset(text: string, codePoints: number): number {
  let offset = 0;
  for (let left = codePoints; left > 0 && offset < text.length; left--)
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  return offset;
}

export function toCodePoints(text: string, offset: number): number {
  let count = 0;
  for (let at = 0; at < offset; at += text.codePointAt(at)! > 0xffff ? 2 : 1) count++;
  return count;
}
