import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { operator } from "../operator.ts";

export const tfIdfVectorizer = operator({
  name: "TfIdfVectorizer",
  since: [9],
  doc: "Counts the n-grams of a pool in rows of strings or integers, also with gaps between their items, and weights the counts: TF the count, IDF the weight where it occurs, TFIDF both.",
  inputs: [{ name: "X", type: "T", doc: "[C] or [N,C]." }],
  outputs: [{ name: "Y", type: "float32" }],
  attributes: {
    max_gram_length: { type: "int", required: true },
    max_skip_count: { type: "int", required: true, doc: "Most items skipped between two items of an n-gram." },
    min_gram_length: { type: "int", required: true },
    mode: { type: "string", required: true, doc: "TF, IDF or TFIDF." },
    ngram_counts: { type: "ints", required: true, doc: "Where in the pool the 1-grams, 2-grams, … begin." },
    ngram_indexes: { type: "ints", required: true, doc: "Output position of each n-gram of the pool." },
    pool_int64s: { type: "ints" },
    pool_strings: { type: "strings" },
    weights: { type: "floats" },
  },
  types: { T: ["string", "int32", "int64"] },
  infer(c) {
    const shape = c.shape(0);
    const width = Math.max(-1, ...c.attrs.ngram_indexes) + 1;
    c.output(0, tensorType("float32", shape && [...shape.slice(0, -1), width]));
  },
  reference(c) {
    const x = c.tensor(0);
    const a = c.attrs;
    if (x.rank < 1 || x.rank > 2) c.fail("SHAPE", `X is [${x.shape.join(",")}], expected [C] or [N,C]`);
    const columns = x.shape.at(-1)!;
    const rows = x.rank === 2 ? x.shape[0]! : 1;
    const width = Math.max(-1, ...a.ngram_indexes) + 1;
    const pool: readonly (string | number)[] =
      a.pool_strings ?? a.pool_int64s ?? c.fail("ATTRIBUTE", "has no pool, expected pool_strings or pool_int64s");
    const join = (items: readonly (string | number)[]): string => JSON.stringify(items);
    // n-gram → its number in the pool. Grams lie one after the other, n items each, from ngram_counts[n - 1] on.
    const numbers = new Map<string, number>();
    let number = 0;
    a.ngram_counts.forEach((start, index) => {
      const end = a.ngram_counts[index + 1] ?? pool.length;
      for (let at = start; at + index < end; at += index + 1) {
        numbers.set(join(pool.slice(at, at + index + 1)), number);
        number++;
      }
    });
    const items = Array.from(x.data as ArrayLike<string | number | bigint>, (v) =>
      typeof v === "bigint" ? Number(v) : v,
    );
    const out = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const line = items.slice(row * columns, (row + 1) * columns);
      for (let n = a.min_gram_length; n <= a.max_gram_length; n++) {
        // Single items have no gaps to vary.
        for (let gap = 1; gap <= (n === 1 ? 1 : a.max_skip_count + 1); gap++) {
          for (let start = 0; start + (n - 1) * gap < columns; start++) {
            const gram = Array.from({ length: n }, (_, i) => line[start + i * gap]!);
            const found = numbers.get(join(gram));
            const to = found === undefined ? undefined : a.ngram_indexes[found];
            if (to !== undefined) out[row * width + to]! += 1;
          }
        }
      }
    }
    const { mode, weights } = a;
    const weightAt = new Float32Array(width).fill(1);
    weights?.forEach((weight, i) => {
      const to = a.ngram_indexes[i];
      if (to !== undefined) weightAt[to] = weight;
    });
    if (mode !== "TF")
      out.forEach((count, i) => {
        const weight = weightAt[i % width]!;
        out[i] = mode === "IDF" ? (count > 0 ? weight : 0) : count * weight;
      });
    return [new Tensor("float32", x.rank === 2 ? [rows, width] : [width], out)];
  },
});
