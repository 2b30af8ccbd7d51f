/** Two profiles held against each other: engines, threads, passes, commits. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import type { InstructionProfile, Profile } from "./profile.ts";
import { differenceByChance, type Sample, sampleOf } from "./statistics.ts";

/** Instructions of both that compute the same nodes of the graph. */
export interface ComparedInstructions {
  /** The nodes they compute; the instructions' own names where they compute none of the graph's. */
  readonly nodes: readonly string[];
  readonly before: readonly InstructionProfile[];
  readonly after: readonly InstructionProfile[];
  /** Microseconds of all of them in a run. */
  readonly beforeTime: Sample;
  readonly afterTime: Sample;
  readonly deltaUs: number;
  /** Probability that two lists of runs as different as these come about by chance. */
  readonly chance: number;
}

export class ProfileComparison {
  readonly before: Profile;
  readonly after: Profile;
  /** The largest change first. */
  readonly rows: readonly ComparedInstructions[];
  /** Of a whole run. */
  readonly deltaUs: number;
  readonly chance: number;

  constructor(before: Profile, after: Profile) {
    this.before = before;
    this.after = after;
    this.rows = align(before, after).sort((a, b) => Math.abs(b.deltaUs) - Math.abs(a.deltaUs));
    this.deltaUs = after.wall.median - before.wall.median;
    this.chance = differenceByChance(before.wallsUs, after.wallsUs);
  }

  [displaySymbol](): Displayed {
    return display("profile-comparison", this) ?? { "text/plain": `${this.deltaUs.toFixed(0)} µs` };
  }
}

/** A difference that chance makes less often than once in a hundred times. */
export const isSignificant = (chance: number): boolean => chance < 0.01;

/** Groups of instructions that share a node, so that a fused one stands beside all it replaced. */
function align(before: Profile, after: Profile): ComparedInstructions[] {
  const groupOf = new Map<string, number>();
  const members: string[][] = [];
  const keysOf = (row: InstructionProfile): readonly string[] =>
    row.nodes.length > 0 ? row.nodes : [`${row.op} ${row.node}`];
  for (const row of [...before.instructions, ...after.instructions]) {
    const keys = keysOf(row);
    const found = [...new Set(keys.flatMap((key) => groupOf.get(key) ?? []))];
    const target = found[0] ?? members.push([]) - 1;
    for (const other of found.slice(1)) {
      for (const key of members[other]!) groupOf.set(key, target);
      members[target]!.push(...members[other]!.splice(0));
    }
    for (const key of keys)
      if (groupOf.get(key) !== target) {
        groupOf.set(key, target);
        members[target]!.push(key);
      }
  }
  const sides = members.map(() => ({ before: [] as InstructionProfile[], after: [] as InstructionProfile[] }));
  for (const row of before.instructions) sides[groupOf.get(keysOf(row)[0]!)!]!.before.push(row);
  for (const row of after.instructions) sides[groupOf.get(keysOf(row)[0]!)!]!.after.push(row);
  const perRun = (rows: readonly InstructionProfile[], runs: number): number[] =>
    Array.from({ length: runs }, (_, run) => rows.reduce((sum, row) => sum + row.timesUs[run]!, 0));
  return sides.flatMap((side, group): ComparedInstructions[] => {
    if (side.before.length + side.after.length === 0) return [];
    const a = perRun(side.before, before.wall.count);
    const b = perRun(side.after, after.wall.count);
    const [beforeTime, afterTime] = [sampleOf(a), sampleOf(b)];
    return [
      {
        nodes: members[group]!,
        ...side,
        beforeTime,
        afterTime,
        deltaUs: afterTime.median - beforeTime.median,
        chance: differenceByChance(a, b),
      },
    ];
  });
}

/**
 * What became of each operator from one profile to another of the same graph, with the probability that it is chance. The
 * profiles may be of other engines, thread counts or passes: instructions are matched by the graph's nodes they compute.
 *
 * @example
 * compareProfiles(await plain.profile(feeds), await optimised.profile(feeds));
 */
export const compareProfiles = (before: Profile, after: Profile): ProfileComparison =>
  new ProfileComparison(before, after);
