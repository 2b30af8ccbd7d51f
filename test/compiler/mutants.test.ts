/** A few hundred mutated files of each format; test/full has twenty thousand. */
import { expect, test } from "vitest";
import { mutate, outcomeOf, smallSeeds } from "../support/mutants.ts";
import { randomSource } from "../support/random.ts";

const numMutants = 150;

test.each(smallSeeds())("$name: the seed is read, mutants give a graph or a typed error", (seed) => {
  expect(outcomeOf(seed)).toBe("read");
  const outcomes = new Set<string>();
  for (let i = 0; i < numMutants; i++) {
    const bytes = mutate(seed.bytes, randomSource(i));
    try {
      outcomes.add(outcomeOf({ ...seed, bytes }));
    } catch (error) {
      throw new Error(`mutant ${i}: ${(error as Error).stack}`);
    }
  }
  expect(outcomes.size).toBeGreaterThan(2);
});
