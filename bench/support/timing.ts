/** Timing several things against each other: they take turns, so that a disturbance meets all of them. */

export interface Sample {
  readonly medianMs: number;
  /** Half the distance between the quartiles. */
  readonly spreadMs: number;
  readonly bestMs: number;
  /** Median CPU time of a run, all threads of the process together. */
  readonly cpuMs: number;
  readonly runs: number;
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** Runs the functions in turn after a warm-up, for about so many seconds in all and at least 7 rounds. */
export async function interleave(functions: readonly (() => Promise<unknown>)[], seconds: number): Promise<Sample[]> {
  const times: number[][] = functions.map(() => []);
  const cpuTimes: number[][] = functions.map(() => []);
  for (const run of functions) for (let i = 0; i < 2; i++) await run();
  const end = performance.now() + seconds * 1000;
  for (let round = 0; round < 7 || performance.now() < end; round++) {
    // Turn the order around each round: nobody always comes after the same neighbour.
    const order = functions.map((_, i) => (round % 2 ? functions.length - 1 - i : i));
    for (const i of order) {
      const before = process.cpuUsage();
      const start = performance.now();
      await functions[i]!();
      times[i]!.push(performance.now() - start);
      const { user, system } = process.cpuUsage(before);
      cpuTimes[i]!.push((user + system) / 1000);
    }
    if (round > 100_000) break;
  }
  return times.map((list, i) => {
    const sorted = list.sort((a, b) => a - b);
    return {
      medianMs: quantile(sorted, 0.5),
      spreadMs: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2,
      bestMs: sorted[0]!,
      cpuMs: quantile(
        cpuTimes[i]!.sort((a, b) => a - b),
        0.5,
      ),
      runs: sorted.length,
    };
  });
}
