/**
 * Whether ratios to a rival have fallen, told from noise. A machine that others use too makes single measurements of either
 * engine up to twice as long; it does not do so to one engine only, in every process, for as long as one cares to measure.
 * So what seems to have fallen is measured again, longer, in a new process, and has fallen if it did so every time.
 */
import { isSameMachine, type Machine } from "./machine.ts";
import { geometricMean } from "./report.ts";
import type { Ratio } from "./timing.ts";

/** Ratios of one machine, by the name of what was measured. */
export interface Baseline {
  readonly machine: Machine;
  readonly ratios: Readonly<Record<string, Ratio>>;
}

/** Share of its ratio that a case may lose on the machine of the baseline, beyond the spread of both measurements. */
export const allowedFall = 0.15;
/**
 * Shares of the baseline's ratios that must be left on another machine with the same instruction set: caches and clocks move
 * both engines, each in its way, but a kernel that has lost its vectors takes more than four times as long.
 */
export const elsewhere = { single: 0.25, mean: 0.6 } as const;

/** How much a baseline says: it is this machine's, one's with the same instruction set, or one's with other kernels. */
export type Likeness = "same" | "like" | "other";

/** The baseline of this machine, or else the one that is most like it. */
export function baselineFor(
  machine: Machine,
  kept: readonly Baseline[],
): { readonly baseline: Baseline; readonly likeness: Likeness } | undefined {
  const same = kept.find((entry) => isSameMachine(entry.machine, machine));
  if (same) return { baseline: same, likeness: "same" };
  const like = kept.find((entry) => entry.machine.isa === machine.isa);
  if (like) return { baseline: like, likeness: "like" };
  return kept[0] && { baseline: kept[0], likeness: "other" };
}

export interface Verdict {
  /** Of each case the best of its measurements. */
  readonly ratios: Readonly<Record<string, Ratio>>;
  readonly fallen: readonly string[];
  /** Geometric mean of the shares of the baseline that are left. */
  readonly meanShare: number;
  readonly ok: boolean;
}

/** Measurements that must each show a fall, beyond the spread, for it to count. */
const leastProofs = 2;

/**
 * Measures all cases of the baseline, then, up to `tries` times in all, those that were below what is allowed every time. One
 * measurement that is not clears a case; one whose spread reaches so far proves nothing.
 */
export async function judge(
  { ratios: before }: Baseline,
  likeness: Likeness,
  tries: number,
  measure: (names: readonly string[], tryIndex: number) => Promise<Readonly<Record<string, Ratio>>>,
): Promise<Verdict> {
  const all = Object.keys(before);
  const best: Record<string, Ratio> = {};
  const proofs: Record<string, number> = {};
  const leastShare = { same: 1 - allowedFall, like: elsewhere.single, other: 0 }[likeness];
  const leastMean = { same: 1 - allowedFall, like: elsewhere.mean, other: 0 }[likeness];
  const share = (name: string): number => best[name]!.ratio / before[name]!.ratio;
  const meanShare = (): number => geometricMean(all.map(share));
  let suspects = all;
  for (let i = 0; i < tries && suspects.length > 0; i++) {
    const got = await measure(suspects, i);
    for (const name of suspects) {
      const [now, then] = [got[name]!, before[name]!];
      if (!best[name] || now.ratio > best[name].ratio) best[name] = now;
      if (now.ratio + now.spread < leastShare * (then.ratio - then.spread)) proofs[name] = (proofs[name] ?? 0) + 1;
    }
    const isMeanLow = meanShare() < leastMean;
    suspects = all.filter((name) => share(name) < leastShare || (isMeanLow && share(name) < 1));
  }
  const fallen = all.filter((name) => share(name) < leastShare && (proofs[name] ?? 0) >= leastProofs);
  return { ratios: best, fallen, meanShare: meanShare(), ok: fallen.length === 0 && meanShare() >= leastMean };
}
