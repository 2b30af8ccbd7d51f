import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import { random } from "./random.ts";

const rng = random(9);
const matrix = (rows: readonly (readonly number[])[], length = rows[0]?.length ?? 2): Tensor<"float32"> =>
  new Tensor("float32", [rows.length, length], Float32Array.from(rows.flat()));
const randomRows = (count: number, length: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length }, () => Math.fround(rng.real(-1, 1))));
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0);
const distances = {
  cosine: (a: readonly number[], b: readonly number[]) => 1 - dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)),
  euclidean: (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((v, k) => v - b[k]!)),
};
/** The same partition, whatever its parts are called: numbered by first appearance. */
const canonical = (clusters: ArrayLike<number>): number[] => {
  const names = new Map<number, number>();
  return Array.from(clusters, (c) => {
    if (c < 0) return -1;
    if (!names.has(c)) names.set(c, names.size);
    return names.get(c)!;
  });
};

describe("vectors", () => {
  test("normalizeVectors, cosineSimilarities and nearestVectors are their formulas on random rows", () => {
    for (let i = 0; i < 200; i++) {
      const length = rng.integer(1, 20);
      const [a, b] = [randomRows(rng.integer(1, 9), length), randomRows(rng.integer(1, 9), length)];
      const unit = n.normalizeVectors(matrix(a)).data;
      const expected = a.flatMap((row) => row.map((v) => v / Math.sqrt(dot(row, row))));
      expect(Math.max(...expected.map((v, k) => Math.abs(v - unit[k]!)))).toBeLessThan(1e-6);
      const alike = n.cosineSimilarities(matrix(a), matrix(b)).data;
      const metric = rng.pick(["cosine", "euclidean"] as const);
      const k = rng.integer(1, 4);
      const near = n.nearestVectors(matrix(a), matrix(b), { k, metric });
      a.forEach((row, r) => {
        b.forEach((other, c) => {
          expect(alike[r * b.length + c]).toBeCloseTo(1 - distances.cosine(row, other), 5);
        });
        const order = b.map((other) => distances[metric](row, other)).sort((x, y) => x - y);
        expect(near[r]).toHaveLength(Math.min(k, b.length));
        near[r]!.forEach(({ index, distance }, p) => {
          expect(distance).toBeCloseTo(order[p]!, 6);
          expect(distance).toBeCloseTo(distances[metric](row, b[index]!), 6);
        });
      });
    }
  });

  test("vectors without length or with NaN, and none at all, have defined results", () => {
    const odd = matrix([
      [0, 0],
      [Number.NaN, 1],
      [1, 0],
    ]);
    expect([...n.normalizeVectors(odd).data.subarray(0, 2)]).toEqual([0, 0]);
    expect(n.cosineSimilarities(odd, odd).data[2]).toBe(0);
    expect(n.nearestVectors(odd, odd, { k: 3 })[1]).toEqual([]);
    expect(n.cosineSimilarities(odd, odd).data[5]).toBeNaN();
    expect([...n.dbscan(odd, { radius: 0.5 })]).toEqual([-1, -1, -1]);
    expect([...n.agglomerate(odd, { maxDistance: 0.5 })]).toEqual([0, 1, 2]);
    const none = matrix([]);
    expect(n.agglomerate(none)).toHaveLength(0);
    expect(n.dbscan(none, { radius: 1 })).toHaveLength(0);
    expect(n.nearestVectors(none, odd)).toEqual([]);
    expect(() => n.cosineSimilarities(matrix([[1, 2, 3]]), odd)).toThrow(/3 and 2 elements/);
    expect(() => n.dbscan(new Tensor("float32", [3], new Float32Array(3)), { radius: 1 })).toThrow(
      /expected float32\[n,d\]/,
    );
  });
});

describe("clusters", () => {
  test("agglomerate joins the nearest pair again and again, for every linkage", () => {
    for (let i = 0; i < 200; i++) {
      const rows = randomRows(rng.integer(1, 14), 3);
      const linkage = rng.pick(["single", "complete", "average"] as const);
      const metric = rng.pick(["cosine", "euclidean"] as const);
      const [maxDistance, numClusters] = [rng.real(0, 1.5), rng.integer(1, 4)];
      let parts = rows.map((_, r) => [r]);
      const apart = (p: readonly number[], q: readonly number[]): number => {
        const all = p.flatMap((x) => q.map((y) => distances[metric](rows[x]!, rows[y]!)));
        if (linkage === "average") return all.reduce((a, b) => a + b) / all.length;
        return linkage === "single" ? Math.min(...all) : Math.max(...all);
      };
      for (;;) {
        let best = { d: Infinity, p: -1, q: -1 };
        parts.forEach((x, p) => {
          parts.slice(0, p).forEach((y, q) => {
            const d = apart(x, y);
            if (d < best.d) best = { d, p, q };
          });
        });
        if (parts.length <= numClusters || best.p < 0 || best.d > maxDistance) break;
        const joined = [...parts[best.p]!, ...parts[best.q]!];
        parts = [...parts.filter((_, p) => p !== best.p && p !== best.q), joined];
      }
      const expected = rows.map((_, r) => parts.findIndex((part) => part.includes(r)));
      const found = n.agglomerate(matrix(rows), { maxDistance, numClusters, linkage, metric });
      expect([...found]).toEqual(canonical(expected));
    }
  });

  test("dbscan: cores that reach each other are one cluster, and only those", () => {
    for (let i = 0; i < 200; i++) {
      const rows = randomRows(rng.integer(1, 40), 2);
      const [radius, minPoints] = [rng.real(0.05, 0.5), rng.integer(1, 4)];
      const found = n.dbscan(matrix(rows), { radius, minPoints, metric: "euclidean" });
      const near = rows.map((a) => rows.map((b) => distances.euclidean(a, b) <= radius));
      const core = near.map((row) => row.filter(Boolean).length >= minPoints);
      // Reachability by repeated squaring of "both are cores and near".
      const reach = near.map((row, a) => row.map((close, b) => close && core[a]! && core[b]!));
      for (let k = 0; k < rows.length; k++)
        for (let a = 0; a < rows.length; a++)
          for (let b = 0; b < rows.length; b++) if (reach[a]![k] && reach[k]![b]) reach[a]![b] = true;
      const wrong = rows.flatMap((_, a) =>
        rows.filter((__, b) => core[a] && core[b] && (found[a] === found[b]) !== reach[a]![b]!),
      );
      expect(wrong).toEqual([]);
      rows.forEach((_, a) => {
        const cores = rows.flatMap((__, b) => (near[a]![b] && core[b] ? [found[b]!] : []));
        if (cores.length === 0) expect(found[a]).toBe(-1);
        else expect(cores).toContain(found[a]);
      });
    }
  });
});

describe("ctcBeam", () => {
  const alphabet = ["a", "b", "c"];
  /** Probabilities of every text, by reading every path. */
  function allTexts(probabilities: readonly (readonly number[])[]): Map<string, number> {
    const sums = new Map<string, number>();
    const walk = (step: number, last: number, text: string, p: number): void => {
      if (step === probabilities.length) {
        sums.set(text, (sums.get(text) ?? 0) + p);
        return;
      }
      probabilities[step]!.forEach((q, k) => {
        walk(step + 1, k, k === 0 || k === last ? text : text + alphabet[k - 1], p * q);
      });
    };
    walk(0, 0, "", 1);
    return sums;
  }

  test("with room for every prefix it is the sum over all paths, on 200 random tables", () => {
    for (let i = 0; i < 200; i++) {
      const steps = Array.from({ length: rng.integer(0, 6) }, () => {
        const raw = Array.from({ length: 4 }, () => rng.real(0, 1) ** 3);
        const sum = raw.reduce((a, b) => a + b);
        return raw.map((v) => Math.fround(v / sum));
      });
      const expected = [...allTexts(steps)].sort((a, b) => b[1] - a[1]).slice(0, 5);
      const table = new Tensor("float32", [1, steps.length, 4], Float32Array.from(steps.flat()));
      const [found] = n.ctcBeam(table, { alphabet, width: 10_000, minProbability: 0, numTexts: 5 });
      expect(found!.map(({ text }) => text)).toEqual(expected.map(([text]) => text));
      for (const [k, { logProbability }] of found!.entries())
        expect(Math.exp(logProbability)).toBeCloseTo(expected[k]![1], 9);
    }
  });

  test("finds what the best path misses, follows a language model, refuses a wrong alphabet", () => {
    // Each step prefers the blank, yet "a" on either step together is likelier.
    const table = new Tensor("float32", [1, 2, 2], Float32Array.of(0.6, 0.4, 0.6, 0.4));
    expect(n.ctcGreedy(table, { alphabet: ["a"] })[0]!.text).toBe("");
    expect(n.ctcBeam(table, { alphabet: ["a"] })[0]![0]!.text).toBe("a");
    const even = new Tensor("float32", [1, 1, 3], Float32Array.of(0, 0.5, 0.5));
    const languageModel = (_: string, next: string) => (next === "b" ? 0.9 : 0.1);
    expect(n.ctcBeam(even, { alphabet: ["a", "b"], languageModel })[0]![0]!.text).toBe("b");
    expect(() => n.ctcBeam(even, { alphabet: ["a"] })).toThrow(/1 entries, expected 2/);
    const nan = new Tensor("float32", [1, 1, 3], new Float32Array(3).fill(Number.NaN));
    expect(n.ctcBeam(nan, { alphabet: ["a", "b"] })[0]).toEqual([{ text: "", logProbability: -Infinity }]);
  });
});
