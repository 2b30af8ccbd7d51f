/** Colours for a line of TypeScript as it is typed: a scanner that takes any text, finished or not. */

const keywords = new Set(
  "abstract any as async await boolean break case catch class const continue declare default delete do else enum export extends false finally for from function get if implements import in infer instanceof interface is keyof let namespace never new null number object of private protected public readonly return satisfies set static string super switch symbol this throw true try type typeof undefined unknown using var void while with yield".split(
    " ",
  ),
);

const token =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\[\s\S]|[^`\\])*`?)|(?<number>\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]+)?(?:e[+-]?\d+)?)n?\b)|(?<magic>(?<=^|\n)\s*(?:%{1,2}\w+|![^\n]*))|(?<word>[\p{L}_$][\p{L}\p{N}_$]*)/giu;

const colors = { comment: 90, string: 32, number: 36, magic: 35, keyword: 34, type: 33 } as const;

const paint = (text: string, color: number): string =>
  // A line of its own for each line: the editor cuts the text at line ends.
  text
    .split("\n")
    .map((line) => `\u001b[${color}m${line}\u001b[39m`)
    .join("\n");

/** The text with ANSI colours; its characters and lines stay. */
export function highlight(code: string): string {
  return code.replace(token, (text, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    const kind = (["comment", "string", "number", "magic"] as const).find((name) => groups[name] !== undefined);
    if (kind) return paint(text, colors[kind]);
    if (keywords.has(text)) return paint(text, colors.keyword);
    return /^\p{Lu}/u.test(text) ? paint(text, colors.type) : text;
  });
}
