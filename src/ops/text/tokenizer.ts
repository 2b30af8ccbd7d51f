import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { type Found, longestFinder, RegexError } from "../common/regex.ts";
import { operator } from "../operator.ts";

type Points = readonly number[];
type Finder = (points: Points, from: number) => Found | undefined;
const startOfText = "\u0002";
const endOfText = "\u0003";

function* matchesOf(find: Finder, points: Points): Generator<Found> {
  for (let from = 0; from <= points.length; ) {
    const found = find(points, from);
    if (!found) return;
    yield found;
    from = found.end > found.start ? found.end : found.end + 1;
  }
}

/** What lies between the matches of a separator; an empty match separates nothing from the character behind it. */
function* between(find: Finder, points: Points): Generator<Points> {
  let from = 0;
  for (const { start, end } of matchesOf(find, points)) {
    if (start >= points.length) break;
    yield points.slice(from, start);
    from = end > start ? end : start + 1;
  }
  yield points.slice(from);
}

export const tokenizer = operator({
  name: "Tokenizer",
  domain: "com.microsoft",
  since: [1],
  doc: "Cuts each string into tokens along a new last axis, filled up with a pad value: between matches of separators, or the matches of an expression; a single empty separator cuts into characters.",
  inputs: [{ name: "X", type: "string", doc: "[C] or [N,C]." }],
  outputs: [{ name: "Y", type: "string", doc: "X's shape with the largest number of tokens behind." }],
  attributes: {
    mark: { type: "int", required: true, doc: "1: tokens U+0002 and U+0003 at the beginning and the end." },
    mincharnum: { type: "int", required: true, doc: "Fewest characters of a token." },
    pad_value: { type: "string", required: true, doc: "In the place of tokens that a shorter string has not." },
    separators: {
      type: "strings",
      doc: "Regular expressions (RE2's syntax), one after the other; or one empty string.",
    },
    tokenexp: { type: "string", doc: "A token's regular expression; in the place of separators." },
  },
  dataDependent: () => true,
  infer(c) {
    const shape = c.shape(0);
    c.output(0, tensorType("string", shape && [...shape, c.freshDim()]));
  },
  reference(c) {
    const { mark, mincharnum, pad_value, separators, tokenexp } = c.attrs;
    const x = c.tensor(0);
    if (x.rank !== 1 && x.rank !== 2) c.fail("SHAPE", `X is [${x.shape}], expected [C] or [N,C]`);
    if (!separators?.length === !tokenexp)
      c.fail("ATTRIBUTE", `has ${tokenexp ? "both" : "neither"} separators and tokenexp, expected one of them`);
    if (mincharnum < 1) c.fail("ATTRIBUTE", `mincharnum is ${mincharnum}, expected at least 1`);
    const finder = (pattern: string): Finder => {
      try {
        return longestFinder(pattern);
      } catch (error) {
        if (!(error instanceof RegexError)) throw error;
        return c.fail("ATTRIBUTE", `${JSON.stringify(pattern)} is no regular expression: ${error.message}`);
      }
    };
    const byCharacter = tokenexp === "." || (separators?.length === 1 && separators[0] === "");
    if (byCharacter && mincharnum > 1)
      c.fail("ATTRIBUTE", `mincharnum is ${mincharnum}, expected 1 where every character is a token`);
    const token = tokenexp && !byCharacter ? finder(tokenexp) : undefined;
    const cuts = byCharacter || token ? [] : separators!.map(finder);
    const isLong = ({ length }: Points): boolean => length > 0 && length >= mincharnum;
    const cut = (text: string): string[] => {
      if (byCharacter) return Array.from(text);
      const points = Array.from(text, (character) => character.codePointAt(0)!);
      let parts: Points[] = [points];
      if (token)
        parts = Array.from(matchesOf(token, points), ({ start, end }) => points.slice(start, end)).filter(isLong);
      for (const find of cuts) parts = parts.flatMap((part) => [...between(find, part)]).filter(isLong);
      return parts.map((part) => part.map((point) => String.fromCodePoint(point)).join(""));
    };
    const rows = (x.data as string[]).map(cut);
    const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    const width = longest === 0 ? 0 : longest + (mark ? 2 : 0);
    const out: string[] = [];
    if (width > 0)
      for (const row of rows) {
        const pads = new Array<string>(longest - row.length).fill(pad_value);
        if (mark) out.push(startOfText, ...row, endOfText, ...pads);
        else out.push(...row, ...pads);
      }
    return [new Tensor("string", [...x.shape, width], out)];
  },
});
