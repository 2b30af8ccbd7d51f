import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { operator } from "../operator.ts";

export const regexFullMatch = operator({
  name: "RegexFullMatch",
  since: [20],
  doc: "Whether each string matches a regular expression as a whole. The standard says RE2's syntax; here it is JavaScript's, which shares all but RE2's rarer classes and flags in the middle.",
  inputs: [{ name: "X", type: "string" }],
  outputs: [{ name: "Y", type: "bool" }],
  attributes: { pattern: { type: "string", required: true } },
  infer: (c) => c.output(0, tensorType("bool", c.shape(0))),
  reference(c) {
    const x = c.tensor(0);
    const pattern =
      compile(c.attrs.pattern) ??
      c.fail("ATTRIBUTE", `pattern ${JSON.stringify(c.attrs.pattern)} is no regular expression`);
    const flags = Uint8Array.from(x.data as string[], (text) => (pattern.test(text) ? 1 : 0));
    return [new Tensor("bool", x.shape, flags)];
  },
});

/** RE2 writes flags at the front, `(?i)…`, and anchors the text's ends as `\A` and `\z`. */
function compile(source: string): RegExp | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(source);
  const body = source
    .slice(flags?.[0].length ?? 0)
    .replaceAll("\\A", "^")
    .replaceAll("\\z", "$");
  try {
    return new RegExp(`^(?:${body})$`, `u${flags?.[1] ?? ""}`);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
