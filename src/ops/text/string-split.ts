import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { int64Tensor } from "../common/elements.ts";
import { operator } from "../operator.ts";

/** Parts of a text; at most `most` cuts, from the left. An empty delimiter cuts at runs of white space. */
function splitText(text: string, delimiter: string, most: number): string[] {
  const blank = delimiter === "";
  let rest = blank ? text.trimStart() : text;
  const parts: string[] = [];
  while (parts.length < most) {
    const at = blank ? rest.search(/\s/) : rest.indexOf(delimiter);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = blank ? rest.slice(at).trimStart() : rest.slice(at + delimiter.length);
  }
  if (blank) rest = rest.trimEnd();
  if (!blank || rest !== "") parts.push(rest);
  return parts;
}

export const stringSplit = operator({
  name: "StringSplit",
  since: [20],
  doc: "Cuts each string at a delimiter (default: white space) into a new last axis, filled up with empty strings; and says how many parts each has.",
  inputs: [{ name: "X", type: "string" }],
  outputs: [
    { name: "Y", type: "string" },
    { name: "Z", type: "int64", doc: "Number of parts." },
  ],
  attributes: {
    delimiter: { type: "string", doc: "Empty or left out: runs of white space." },
    maxsplit: { type: "int", doc: "Most cuts, from the left (default: no limit)." },
  },
  dataDependent: () => true,
  infer(c) {
    const shape = c.shape(0);
    c.output(0, tensorType("string", shape && [...shape, c.freshDim()]));
    c.output(1, tensorType("int64", shape));
  },
  reference(c) {
    const x = c.tensor(0);
    const most = c.attrs.maxsplit ?? Number.POSITIVE_INFINITY;
    const split = (x.data as string[]).map((text) => splitText(text, c.attrs.delimiter ?? "", most));
    const width = split.reduce((longest, parts) => Math.max(longest, parts.length), 0);
    const out = split.flatMap((parts) => [...parts, ...new Array<string>(width - parts.length).fill("")]);
    return [
      new Tensor("string", [...x.shape, width], out),
      int64Tensor(
        split.map((parts) => parts.length),
        x.shape,
      ),
    ];
  },
});
