/** Regular expressions: against JavaScript's on random patterns, RE2's own parts by hand, and never slow. */
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../scripts/fuzz/build.ts";
import { fullMatcher, longestFinder, RegexError } from "../../src/ops/common/regex.ts";

const random = seededRandom(11);
const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;

function randomPattern(depth: number): string {
  if (depth === 0) return pick(["a", "b", "c", ".", "[ab]", "[^b]", "\\w", "\\d", "x?", "^", "$", "\\b"]);
  const [left, right] = [randomPattern(depth - 1), randomPattern(depth - 1)];
  const group = `(${left})`;
  return pick([
    left + right,
    `${left}|${right}`,
    `${group}*`,
    `(?:${left})+?`,
    `${group}{1,3}`,
    `${group}?${right}`,
    `${group}{2}`,
  ]);
}

test("random patterns match what JavaScript's match", () => {
  let matched = 0;
  for (let i = 0; i < 1500; i++) {
    const pattern = randomPattern(1 + Math.floor(random() * 3));
    const [ours, theirs] = [fullMatcher(pattern), new RegExp(`^(?:${pattern})$`, "u")];
    for (let k = 0; k < 12; k++) {
      const text = Array.from({ length: Math.floor(random() * 6) }, () => pick(["a", "b", "c", "x", "1", " "])).join(
        "",
      );
      expect(ours(text), `${pattern} on ${JSON.stringify(text)}`).toBe(theirs.test(text));
      matched += ours(text) ? 1 : 0;
    }
  }
  expect(matched).toBeGreaterThan(2000);
});

test("what is found first is the longest of those that begin first", () => {
  let found = 0;
  for (let i = 0; i < 300; i++) {
    const pattern = randomPattern(1 + Math.floor(random() * 2));
    const find = longestFinder(pattern);
    for (let k = 0; k < 4; k++) {
      const text = Array.from({ length: Math.floor(random() * 6) }, () => pick(["a", "b", "c", "x", "1", " "])).join(
        "",
      );
      const spans = Array.from({ length: text.length + 1 }, (_, start) =>
        Array.from({ length: text.length + 1 - start }, (_, less) => ({ start, end: text.length - less })),
      ).flat();
      // The rest of the text stays around the match, so that ^, $ and \b see it.
      const expected = spans.find(({ start, end }) =>
        new RegExp(`^[^]{${start}}(?:${pattern})[^]{${text.length - end}}$`, "u").test(text),
      );
      const points = Array.from(text, (c) => c.codePointAt(0)!);
      expect(find(points, 0), `${pattern} in ${JSON.stringify(text)}`).toEqual(expected);
      if (expected && expected.end > 0) found++;
    }
  }
  expect(found).toBeGreaterThan(400);
  expect(longestFinder("b+")([97, 98, 98, 99, 98], 3)).toEqual({ start: 4, end: 5 });
  expect(longestFinder("b+")([97, 98], 0, true)).toBeUndefined();
});

test.each([
  ["(?i)straße", "STRAßE", true],
  ["a(?i:b)c", "aBc", true],
  ["a(?i:b)c", "aBC", false],
  ["(?P<year>\\d{4})-(?<month>\\d\\d)", "2026-11", true],
  ["[[:alpha:]_][[:alnum:]]*", "_name7", true],
  ["[[:^digit:]]+", "a1", false],
  ["\\Qa.b\\E+", "a.bb", true],
  ["\\Qa.b\\E", "axb", false],
  ["\\p{Greek}+\\pN", "αβγ4", true],
  ["\\x41\\x{1F600}", "A😀", true],
  [".", "😀", true],
  ["\\Aab\\z", "ab", true],
  ["(?m)a$\\n^b", "a\nb", true],
  ["(?s).", "\n", true],
  [".", "\n", false],
  ["[]a]+", "]a", true],
  ["[a-]+", "a-", true],
  ["", "", true],
])("%s on %j: %s", (pattern, text, expected) => expect(fullMatcher(pattern)(text)).toBe(expected));

describe("never slow", () => {
  test.each(["(a+)+b", "(a|a)*b", "(a*)*b", "(.*)*b", `${"a?".repeat(60)}${"a".repeat(60)}b`])("%s", (pattern) => {
    // A backtracking engine takes 2^200 steps here.
    expect(fullMatcher(pattern)("a".repeat(200))).toBe(false);
  });
});

test.each([
  "(",
  "a)",
  "[a",
  "*a",
  "a{2,1}",
  "a{1001}",
  "(a{1000}){1000}",
  "\\",
  "(?=a)",
  "(a)\\1",
  "\\p{Nope}",
  "[[:nope:]]",
])("%s is refused", (pattern) => expect(() => fullMatcher(pattern)).toThrow(RegexError));
