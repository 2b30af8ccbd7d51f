import { Tensor } from "../../base/tensor.ts";
import { outputLike } from "../common/axes.ts";
import { operator } from "../operator.ts";

export const stringNormalizer = operator({
  name: "StringNormalizer",
  since: [10],
  doc: "Takes stop words out of a list of strings and changes the case of the rest. A list that ends up empty becomes one empty string.",
  inputs: [{ name: "X", type: "string", doc: "[C] or [1,C]." }],
  outputs: [{ name: "Y", type: "string" }],
  attributes: {
    case_change_action: { type: "string", default: "NONE", doc: "LOWER, UPPER or NONE." },
    is_case_sensitive: { type: "int", default: 0, doc: "Whether stop words are compared with their case." },
    locale: { type: "string", default: "en_US", doc: "Whose rules of case apply." },
    stopwords: { type: "strings" },
  },
  dataDependent: () => true,
  infer(c) {
    const shape = c.shape(0);
    outputLike(c, 0, shape && (shape.length === 1 ? [c.freshDim()] : [1, c.freshDim()]));
  },
  reference(c) {
    const x = c.tensor(0);
    if (x.rank < 1 || x.rank > 2 || (x.rank === 2 && x.shape[0] !== 1))
      c.fail("SHAPE", `X is [${x.shape.join(",")}], expected [C] or [1,C]`);
    const locale = localeOf(c.attrs.locale);
    const action = c.attrs.case_change_action;
    const change = (text: string): string =>
      action === "LOWER" ? text.toLocaleLowerCase(locale) : action === "UPPER" ? text.toLocaleUpperCase(locale) : text;
    const fold = (text: string): string => (c.attrs.is_case_sensitive ? text : text.toLocaleLowerCase(locale));
    const stop = new Set((c.attrs.stopwords ?? []).map(fold));
    const kept = (x.data as string[]).filter((text) => !stop.has(fold(text))).map(change);
    if (kept.length === 0) kept.push("");
    return [new Tensor("string", x.rank === 1 ? [kept.length] : [1, kept.length], kept)];
  },
});

/** `en_US.UTF-8` as this runtime writes it; undefined (the runtime's own) for names such as "C". */
function localeOf(name: string): string | undefined {
  const tag = name.replace(/\..*$/, "").replaceAll("_", "-");
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(tag) ? tag : undefined;
}
