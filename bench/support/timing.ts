/**
 * Timing several things against each other: they take turns, so that a disturbance meets all of them, and do not disturb
 * each other. Threads of ONNX Runtime spin for tens of milliseconds after a run; beside them our runs on two threads of a
 * machine of two cores took twice as long (yolox_nano 14.8 ms alone, 31.9 ms right after a run of ONNX Runtime). So a turn
 * begins when no thread works any more, and is several runs long.
 */

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

/** Turns of each. */
const rounds = 7;
/** Milliseconds that threads get to fall asleep, at most. */
const restMs = 250;

/** Waits until the process has no thread that works. */
async function rest(): Promise<void> {
  const end = performance.now() + restMs;
  while (performance.now() < end) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 3));
    const { user, system } = process.cpuUsage(before);
    if (user + system < 500) return;
  }
}

/** Runs the functions in turn after a warm-up, for about so many seconds in all, resting apart; each at least 7 times. */
export async function interleave(functions: readonly (() => Promise<unknown>)[], seconds: number): Promise<Sample[]> {
  const times: number[][] = functions.map(() => []);
  const cpuTimes: number[][] = functions.map(() => []);
  for (const run of functions) for (let i = 0; i < 2; i++) await run();
  const turnMs = (seconds * 1000) / (rounds * functions.length);
  const turn = async (i: number): Promise<void> => {
    const run = functions[i]!;
    await rest();
    // What the others left in the caches, and threads asleep, are nobody's cost.
    if (times[i]!.length === 0 || times[i]!.at(-1)! < turnMs) await run();
    const end = performance.now() + turnMs;
    do {
      const before = process.cpuUsage();
      const start = performance.now();
      await run();
      times[i]!.push(performance.now() - start);
      const { user, system } = process.cpuUsage(before);
      cpuTimes[i]!.push((user + system) / 1000);
    } while (performance.now() < end);
  };
  for (let round = 0; round < rounds; round++) {
    // Turn the order around each round: nobody always comes after the same neighbour.
    for (const i of functions.keys()) await turn(round % 2 ? functions.length - 1 - i : i);
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
