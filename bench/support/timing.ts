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
  /** Medians of a run in each turn: those of two samples with the same index were taken one after the other. */
  readonly turns: { readonly cpu: readonly number[]; readonly wall: readonly number[] };
}

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** Milliseconds that threads get to fall asleep, at most. */
const restMs = 250;

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

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

/** Times of runs in one turn. */
export interface Turn {
  readonly wallMs: readonly number[];
  readonly cpuMs: readonly number[];
}

/** Runs for about so many milliseconds, at least once, after a rest and, where there is time for it, one run that does not count. */
export async function takeTurn(run: () => Promise<unknown>, turnMs: number, lastMs = 0): Promise<Turn> {
  await rest();
  // What the others left in the caches, and threads asleep, are nobody's cost.
  if (lastMs < turnMs) await run();
  const wallMs: number[] = [];
  const cpuMs: number[] = [];
  const end = performance.now() + turnMs;
  do {
    const before = process.cpuUsage();
    const start = performance.now();
    await run();
    wallMs.push(performance.now() - start);
    const { user, system } = process.cpuUsage(before);
    cpuMs.push((user + system) / 1000);
  } while (performance.now() < end);
  return { wallMs, cpuMs };
}

export function sampleOf(turns: readonly Turn[]): Sample {
  const wall = ascending(turns.flatMap(({ wallMs }) => wallMs));
  return {
    medianMs: quantile(wall, 0.5),
    spreadMs: (quantile(wall, 0.75) - quantile(wall, 0.25)) / 2,
    bestMs: wall[0]!,
    cpuMs: quantile(ascending(turns.flatMap(({ cpuMs }) => cpuMs)), 0.5),
    runs: wall.length,
    turns: {
      cpu: turns.map(({ cpuMs }) => quantile(ascending(cpuMs), 0.5)),
      wall: turns.map(({ wallMs }) => quantile(ascending(wallMs), 0.5)),
    },
  };
}

/** Lets players have turns, round by round: the order turns around each time, so that nobody always comes after the same one. */
export async function takeTurns(
  players: readonly ((round: number) => Promise<Turn>)[],
  rounds: number,
): Promise<Sample[]> {
  const turns: Turn[][] = players.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const k of players.keys()) {
      const i = round % 2 ? players.length - 1 - k : k;
      turns[i]!.push(await players[i]!(round));
    }
  return turns.map(sampleOf);
}

/** Runs the functions in turn after a warm-up, for about so many seconds in all, resting apart; each at least once a round. */
export async function interleave(
  functions: readonly (() => Promise<unknown>)[],
  seconds: number,
  rounds = 7,
): Promise<Sample[]> {
  for (const run of functions) for (let i = 0; i < 2; i++) await run();
  const turnMs = (seconds * 1000) / (rounds * functions.length);
  const last = functions.map(() => 0);
  return takeTurns(
    functions.map((run, i) => async () => {
      const turn = await takeTurn(run, turnMs, last[i]);
      last[i] = turn.wallMs.at(-1)!;
      return turn;
    }),
    rounds,
  );
}

/** How many times as long as ours a rival's run takes. */
export interface Ratio {
  /** Of each one's least busy turn: what others do to caches and clocks only ever adds. */
  readonly ratio: number;
  /** Half the distance of the quartiles of the ratios of the single rounds. */
  readonly spread: number;
}

/** By CPU time, which other processes disturb least, or by elapsed time, which several threads are for. */
export function ratioOf(ours: Sample, rival: Sample, time: "cpu" | "wall" = "cpu"): Ratio {
  const [own, other] = [ours.turns[time], rival.turns[time]];
  const single = ascending(own.map((value, i) => other[i]! / value));
  return {
    ratio: Math.min(...other) / Math.min(...own),
    spread: (quantile(single, 0.75) - quantile(single, 0.25)) / 2,
  };
}
