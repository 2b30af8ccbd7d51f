/** The most probable texts of a CTC recogniser: prefix beam search. */
import { InferlabError } from "../../base/errors.ts";
import { formatType } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { node } from "./node.ts";

export interface CtcBeamOptions {
  /** What each class stands for, in the order of the classes without the blank. */
  readonly alphabet: readonly string[];
  /** Class that means "nothing". Default 0. */
  readonly blank?: number;
  /** Prefixes kept a step. Default 10. */
  readonly width?: number;
  /** Classes less probable than this at a step are not tried. Default 0.001. */
  readonly minProbability?: number;
  /** Texts a batch element, most probable first. Default 1. */
  readonly numTexts?: number;
  /** Probability of the next symbol after a text, as a language model gives it. Default: every one alike. */
  readonly languageModel?: (text: string, next: string) => number;
}

export interface BeamText {
  readonly text: string;
  /** Natural logarithm of the probability of all paths found that read this text (times the language model's). */
  readonly logProbability: number;
}

/** A text so far: a node of the tree of prefixes, with the probability of paths that end in a blank and in its symbol. */
interface Prefix {
  readonly parent: Prefix | undefined;
  readonly symbol: number;
  readonly text: string;
  readonly children: Map<number, Prefix>;
  blank: number;
  symbolLast: number;
  nextBlank: number;
  nextSymbol: number;
  touched: boolean;
}

/** ln(eᵃ + eᵇ). */
function addLogs(a: number, b: number): number {
  if (a === -Infinity) return b;
  if (b === -Infinity) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

const newPrefix = (parent: Prefix | undefined, symbol: number, text: string): Prefix => ({
  parent,
  symbol,
  text,
  children: new Map(),
  blank: -Infinity,
  symbolLast: -Infinity,
  nextBlank: -Infinity,
  nextSymbol: -Infinity,
  touched: false,
});

export const ctcBeam = node(
  {
    name: "ctcBeam",
    group: "text",
    about:
      "The most probable texts of each batch element of probabilities float32[n,steps,classes], as lists: paths that read the same are summed, which the best path alone (ctcGreedy) misses.",
    inputs: [{ name: "probabilities", kind: "tensor" }],
    output: "list",
    parameters: {
      alphabet: { type: "any", about: "what each class stands for, the blank left out" },
      blank: { type: "integer", min: 0, default: 0, about: "class that means nothing" },
      width: { type: "integer", min: 1, default: 10, about: "prefixes kept a step" },
      minProbability: { type: "number", min: 0, max: 1, default: 0.001, about: "less probable classes are not tried" },
      numTexts: { type: "integer", min: 1, default: 1, about: "texts a batch element" },
      languageModel: { type: "any", optional: "none", about: "(text, next) => probability of the next symbol" },
    },
    example: "ctcBeam(steps, { alphabet: ['a', 'b', ' '], numTexts: 2 })",
    source: "Hannun et al., First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional RNNs (2014)",
  },
  (probabilities: Tensor, options: CtcBeamOptions): BeamText[][] => {
    const { alphabet, blank = 0, width = 10, minProbability = 0.001, numTexts = 1, languageModel } = options;
    const [n, numSteps, numClasses] = probabilities.shape as [number, number, number];
    if (probabilities.dtype !== "float32" || probabilities.rank !== 3)
      throw new InferlabError(
        "ARGUMENT",
        `ctcBeam: probabilities are ${formatType(probabilities.dtype, probabilities.shape)}, expected float32[n,steps,classes]`,
      );
    if (!Array.isArray(alphabet) || alphabet.length + 1 !== numClasses)
      throw new InferlabError(
        "ARGUMENT",
        `ctcBeam: alphabet has ${alphabet?.length} entries, expected ${numClasses - 1} for ${numClasses} classes with one blank`,
      );
    const data = probabilities.data as Float32Array;
    return Array.from({ length: n }, (_, line) => {
      const root = newPrefix(undefined, -1, "");
      root.blank = 0;
      let beam: Prefix[] = [root];
      for (let step = 0; step < numSteps; step++) {
        const base = (line * numSteps + step) * numClasses;
        const tried: { readonly symbol: number; readonly log: number }[] = [];
        let blankLog = -Infinity;
        for (let k = 0; k < numClasses; k++) {
          const p = data[base + k]!;
          if (k === blank) blankLog = p > 0 ? Math.log(p) : -Infinity;
          else if (p > 0 && p >= minProbability) tried.push({ symbol: k, log: Math.log(p) });
        }
        const reached: Prefix[] = [];
        const reach = (prefix: Prefix): Prefix => {
          if (!prefix.touched) {
            prefix.touched = true;
            reached.push(prefix);
          }
          return prefix;
        };
        for (const prefix of beam) {
          const total = addLogs(prefix.blank, prefix.symbolLast);
          reach(prefix).nextBlank = addLogs(prefix.nextBlank, total + blankLog);
          for (const { symbol, log } of tried) {
            if (symbol === prefix.symbol) prefix.nextSymbol = addLogs(prefix.nextSymbol, prefix.symbolLast + log);
            let child = prefix.children.get(symbol);
            const next = alphabet[symbol > blank ? symbol - 1 : symbol]!;
            if (!child) {
              child = newPrefix(prefix, symbol, prefix.text + next);
              prefix.children.set(symbol, child);
            }
            // The same symbol again needs a blank between, or it is the one symbol held longer.
            const from = symbol === prefix.symbol ? prefix.blank : total;
            if (from === -Infinity) continue;
            const model = languageModel ? Math.log(Math.max(0, languageModel(prefix.text, next))) : 0;
            reach(child).nextSymbol = addLogs(child.nextSymbol, from + log + model);
          }
        }
        for (const prefix of reached) {
          prefix.blank = prefix.nextBlank;
          prefix.symbolLast = prefix.nextSymbol;
          prefix.nextBlank = prefix.nextSymbol = -Infinity;
          prefix.touched = false;
        }
        reached.sort((a, b) => addLogs(b.blank, b.symbolLast) - addLogs(a.blank, a.symbolLast));
        for (const dropped of reached.slice(width)) dropped.blank = dropped.symbolLast = -Infinity;
        beam = reached.slice(0, width);
      }
      const found = new Map<string, number>();
      for (const { text, blank: b, symbolLast } of beam)
        found.set(text, addLogs(found.get(text) ?? -Infinity, addLogs(b, symbolLast)));
      return [...found]
        .map(([text, logProbability]) => ({ text, logProbability }))
        .sort((a, b) => b.logProbability - a.logProbability)
        .slice(0, numTexts);
    });
  },
);
