import { describe, expect, test } from "vitest";
import {
  addDims,
  ceilDivDims,
  evaluateDim,
  exactDivDims,
  floorDivDims,
  isAtLeast,
  maxDims,
  minDims,
  mulDims,
  parseDim,
  subDims,
  substituteDim,
  symbolDim,
  symbolsOf,
} from "../../src/base/dims.ts";
import type { Dim } from "../../src/base/shapes.ts";
import { randomSource } from "../support/random.ts";

describe("canonical form", () => {
  test.each<[Dim, Dim]>([
    [addDims("n", "n"), "2*n"],
    [subDims("n + 1", "n"), 1],
    [mulDims("n + 1", "n - 1"), "n*n - 1"],
    [floorDivDims("2*n + 5", 2), "n + 2"],
    [floorDivDims(floorDivDims("n", 2), 2), "n//4"],
    [floorDivDims(addDims(floorDivDims(subDims("h", 1), 2), 1), 2), "(h + 1)//4"],
    [ceilDivDims("n", 2), "(n + 1)//2"],
    [exactDivDims("3*h*n*w", "h*w")!, "3*n"],
    [parseDim("(n*m + m)//(n + 1)"), "m"],
    [minDims("n", 2 ** 63), "n"],
    [maxDims("n + 1", 0), "n + 1"],
    [maxDims("n - 4", 0), "max(0, n - 4)"],
    [addDims(symbolDim("batch-size"), 1), "`batch-size` + 1"],
  ])("%s is %s", (got, expected) => expect(got).toBe(expected));
});

test("an expression and its canonical text agree at random points", () => {
  const random = randomSource(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const names = ["a", "b", "c"];
  type Made = { dim: Dim; at: (env: Record<string, number>) => number };
  const make = (depth: number): Made => {
    if (depth === 0 || random() < 0.2) {
      if (random() < 0.5) {
        const value = Math.floor(random() * 5);
        return { dim: value, at: () => value };
      }
      const name = pick(names);
      return { dim: name, at: (env) => env[name]! };
    }
    const x = make(depth - 1);
    const y = make(depth - 1);
    const divisor = 1 + Math.floor(random() * 4);
    return pick<() => Made>([
      () => ({ dim: addDims(x.dim, y.dim), at: (e) => x.at(e) + y.at(e) }),
      () => ({ dim: subDims(x.dim, y.dim), at: (e) => x.at(e) - y.at(e) }),
      () => ({ dim: mulDims(x.dim, y.dim), at: (e) => x.at(e) * y.at(e) }),
      () => ({ dim: floorDivDims(x.dim, divisor), at: (e) => Math.floor(x.at(e) / divisor) }),
      () => ({ dim: ceilDivDims(x.dim, divisor), at: (e) => Math.ceil(x.at(e) / divisor) }),
      () => ({ dim: minDims(x.dim, y.dim), at: (e) => Math.min(x.at(e), y.at(e)) }),
      () => ({ dim: maxDims(x.dim, y.dim), at: (e) => Math.max(x.at(e), y.at(e)) }),
    ])();
  };
  for (let i = 0; i < 2000; i++) {
    const made = make(3);
    const text = String(made.dim);
    expect(parseDim(text), text).toBe(made.dim);
    for (let point = 0; point < 4; point++) {
      const env = { a: Math.floor(random() * 9), b: Math.floor(random() * 9), c: Math.floor(random() * 9) };
      expect(evaluateDim(made.dim, env), `${text} at ${JSON.stringify(env)}`).toBe(made.at(env) + 0);
    }
  }
});

test("substituteDim keeps what is not bound and symbolsOf names it", () => {
  expect(substituteDim("2*n + m//2", { n: 3 })).toBe("m//2 + 6");
  expect(substituteDim("2*n + m", { n: "m" })).toBe("3*m");
  expect(symbolsOf("`a-b` + min(n, m//k)")).toEqual(["a-b", "k", "m", "n"]);
  expect(isAtLeast("n//2 + 1", 1)).toBe(true);
  expect(isAtLeast("n - 1", 0)).toBe(false);
});

test.each(["n +", "(".repeat(100), "n$", "1//0", ""])("parseDim(%j) is refused", (text) => {
  expect(() => parseDim(text)).toThrowError(expect.objectContaining({ code: "SHAPE" }));
});
