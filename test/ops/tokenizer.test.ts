/** The tokenizer of text pipelines, against ONNX Runtime; what it refuses; and a text classifier that ends in maps. */
import { expect, test } from "vitest";
import { tensor } from "../../src/api/index.ts";
import type { AttributeValue } from "../../src/ops/operator.ts";
import { describeAgainstOrt } from "./against-ort.ts";
import { type OneNode, run } from "./one-node.ts";

const tokenizer = (
  texts: readonly string[] | readonly string[][],
  attributes: Record<string, AttributeValue>,
): OneNode => ({
  op: "Tokenizer",
  domain: "com.microsoft",
  inputs: [tensor(texts as string[])],
  attributes: { mark: 0, mincharnum: 1, pad_value: "#", ...attributes },
});

const texts = ["The cat sat.", "", "on  the mat, ünder a 🌲tree", "a"];
/** What skl2onnx makes of a vectorizer's token_pattern \b\w\w+\b. */
const words = "[a-zA-Z0-9_]+";

const separated: Record<string, OneNode> = {
  "a space": tokenizer(texts, { separators: [" "] }),
  "several separators": tokenizer(texts, { separators: [" ", "[.,]", "t+"] }),
  "a separator that may be longer": tokenizer(["a--b-c---d"], { separators: ["-|--"] }),
  "a separator that may be empty": tokenizer(["abba", "c"], { separators: ["b*"] }),
  "a separator everywhere": tokenizer(["  ", " "], { separators: [" "] }),
  "marks and long tokens": tokenizer(texts, { separators: [" "], mark: 1, mincharnum: 3 }),
  "nothing but marks": tokenizer(["", " "], { separators: [" "], mark: 1 }),
  "rows of texts": tokenizer(
    [
      ["a b", "c"],
      ["d e f", ""],
    ],
    { separators: [" "] },
  ),
  "edges of words": tokenizer(["one two"], { separators: ["\\b"] }),
  "the beginning of the text": tokenizer(["aab aab"], { separators: ["^a", " "] }),
};
const matched: Record<string, OneNode> = {
  words: tokenizer(texts, { tokenexp: words }),
  "words of two characters and more": tokenizer(texts, { tokenexp: words, mincharnum: 2 }),
  "the longest of two": tokenizer(["abab"], { tokenexp: "a|ab" }),
  "none in any": tokenizer(["..", ""], { tokenexp: words }),
  marks: tokenizer(texts, { tokenexp: "[a-z]+", mark: 1 }),
};
const characters: Record<string, OneNode> = {
  "an empty separator": tokenizer(texts, { separators: [""] }),
  "any character": tokenizer(texts, { tokenexp: ".", mark: 1 }),
  "no characters": tokenizer(["", ""], { separators: [""] }),
};

describeAgainstOrt({ "Tokenizer by separators": separated, "by an expression": matched, "by characters": characters });

test.each<[string, Record<string, AttributeValue>, RegExp]>([
  ["separators and an expression", { separators: [" "], tokenexp: "a" }, /has both separators and tokenexp/],
  ["neither", {}, /has neither/],
  ["a bad expression", { tokenexp: "(a" }, /Tokenizer "it": "\(a" is no regular expression: /],
  ["long characters", { separators: [""], mincharnum: 2 }, /mincharnum is 2, expected 1/],
  ["no characters in a token", { separators: [" "], mincharnum: 0 }, /mincharnum is 0/],
])("refuses %s", (_, attributes, message) => {
  expect(() => run(tokenizer(["a"], attributes))).toThrow(message);
});
