import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fullMatcher, RegexError } from "../common/regex.ts";
import { operator } from "../operator.ts";

export const regexFullMatch = operator({
  name: "RegexFullMatch",
  since: [20],
  doc: "Whether each string matches a regular expression (RE2's syntax) as a whole.",
  inputs: [{ name: "X", type: "string" }],
  outputs: [{ name: "Y", type: "bool" }],
  attributes: { pattern: { type: "string", required: true } },
  infer: (c) => c.output(0, tensorType("bool", c.shape(0))),
  reference(c) {
    const x = c.tensor(0);
    let matches: (text: string) => boolean;
    try {
      matches = fullMatcher(c.attrs.pattern);
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      return c.fail(
        "ATTRIBUTE",
        `pattern ${JSON.stringify(c.attrs.pattern)} is no regular expression: ${error.message}`,
      );
    }
    const flags = Uint8Array.from(x.data as string[], (text) => (matches(text) ? 1 : 0));
    return [new Tensor("bool", x.shape, flags)];
  },
});
