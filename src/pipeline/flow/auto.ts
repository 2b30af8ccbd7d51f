/**
 * Mode "auto": the first frames run alone and are measured; each mode's time is predicted from them and the best one
 * taken. What predicting cannot know (engines that already use every core get in each other's way; a first frame that
 * was held up) a trial finds out: where overlap brings little, a few frames run one stage at a time; where none was taken,
 * a few frames overlap. The faster of the two stays. No frame runs twice.
 */
import type { Plan } from "./plan.ts";
import type { StageTotals } from "./trace.ts";

export type FixedMode = "sequential" | "task" | "pipeline";

export interface ModeChoice {
  readonly mode: FixedMode;
  /** Predicted milliseconds a frame, by mode. */
  readonly predictedMs: Readonly<Record<FixedMode, number>>;
  /** Milliseconds of each stage in a frame that ran alone. */
  readonly stageMs: ReadonlyMap<string, number>;
  /** Measured milliseconds a frame in the modes that have run. */
  readonly realMs: Readonly<Partial<Record<FixedMode, number>>>;
}

/** A mode must promise this share less time than a simpler one to be taken. */
const margin = 0.02;
/** Overlap that saves less than this share of a lone frame's time is put to the test, which then costs little. */
const worthwhile = 0.25;
/** Frames that are measured where they overlap, and where each runs alone, which costs more. */
const numMeasured = 8;
const numLone = 4;

/** Finds the mode of one stream while it runs. Told when frames begin and end; says when the mode changes. */
export class ModeFinder {
  private readonly plan: Plan;
  private readonly workers: number;
  private readonly totals: ReadonlyMap<string, StageTotals>;
  private readonly onChange: (choice: ModeChoice) => void;
  private readonly onTrial: (mode: FixedMode) => void;
  private phase: "warm" | "alone" | "chosen" | "trial" | "settled" = "warm";
  private choice: ModeChoice | undefined;
  private before = new Map<string, number>();
  private beganMs = 0;
  private utilization = performance.eventLoopUtilization();
  private numDone = 0;
  /** Of the frames that ran alone since the last restart: when the present one began, and milliseconds of those before. */
  private loneBeganMs: number | undefined;
  private loneMs = 0;

  constructor(
    plan: Plan,
    workers: number,
    totals: ReadonlyMap<string, StageTotals>,
    onChange: (choice: ModeChoice) => void,
    onTrial: (mode: FixedMode) => void,
  ) {
    this.plan = plan;
    this.workers = workers;
    this.totals = totals;
    this.onChange = onChange;
    this.onTrial = onTrial;
  }

  /** Mode for the frames that begin now: alone until one is chosen. */
  get mode(): FixedMode {
    if (this.phase === "trial") return this.other;
    return this.choice?.mode ?? "sequential";
  }

  /** The mode that is tried against the one taken. */
  private get other(): FixedMode {
    return this.choice?.mode === "pipeline" ? "sequential" : "pipeline";
  }

  get result(): ModeChoice | undefined {
    return this.choice;
  }

  frameBegins(): void {
    this.loneBeganMs = performance.now();
    if (this.phase !== "warm" && this.phase !== "alone") return;
    this.before = new Map([...this.totals].map(([stage, { totalMs }]) => [stage, totalMs]));
    this.utilization = performance.eventLoopUtilization();
    this.beganMs = performance.now();
  }

  /** `waited`: the stream stood still meanwhile because nobody took results or gave frames; such a time says nothing. */
  frameEnds(failed: boolean, waited: boolean): void {
    const now = performance.now();
    switch (this.phase) {
      case "warm":
        // The first frame also compiles and allocates: where it still promises overlap, overlap begins at once;
        // otherwise the second one, alone as well, decides.
        this.phase = "alone";
        if (!failed) this.choose(now, true);
        return;
      case "alone":
        if (!failed) this.choose(now, false);
        return;
      case "chosen":
      case "trial":
        if (this.mode !== "pipeline") this.countLone(now);
        else if (waited) this.restart(now);
        else this.countOverlapped(now);
    }
  }

  private choose(now: number, isFirst: boolean): void {
    const { utilization } = performance.eventLoopUtilization(this.utilization);
    const stageMs = new Map(
      [...this.totals].map(([stage, { totalMs }]) => [stage, totalMs - (this.before.get(stage) ?? 0)]),
    );
    const predictedMs = predict(this.plan, stageMs, utilization * (now - this.beganMs), this.workers);
    const mode = (["sequential", "task", "pipeline"] as const).reduce((best, candidate) =>
      predictedMs[candidate] < predictedMs[best] * (1 - margin) ? candidate : best,
    );
    const isSure = mode === "pipeline" || predictedMs[mode] < predictedMs.sequential * (1 - worthwhile);
    if (isFirst && !isSure) return;
    this.phase = "chosen";
    this.setChoice({ mode, predictedMs, stageMs, realMs: { sequential: now - this.beganMs } });
    this.restart(now);
  }

  private restart(now: number): void {
    this.beganMs = now;
    this.numDone = 0;
    this.loneMs = 0;
    this.loneBeganMs = undefined;
  }

  /** One frame at a time: how long each takes, whatever the source and the taker need between them. */
  private countLone(now: number): void {
    // Begun in another mode.
    if (this.loneBeganMs === undefined) return;
    this.loneMs += now - this.loneBeganMs;
    if (++this.numDone === numLone) this.measured(this.loneMs / numLone, now);
  }

  /** Frames that overlap: how far apart they end. The first ones only fill the stages. */
  private countOverlapped(now: number): void {
    const numFill = this.plan.stages.length;
    this.numDone++;
    if (this.numDone === numFill) this.beganMs = now;
    if (this.numDone === numFill + numMeasured) this.measured((now - this.beganMs) / numMeasured, now);
  }

  private measured(frameMs: number, now: number): void {
    const { mode } = this;
    const choice = this.choice!;
    const realMs = { ...choice.realMs, [mode]: frameMs };
    if (this.phase === "chosen") {
      const isGood = mode === "pipeline" && frameMs < choice.realMs.sequential! * (1 - worthwhile);
      this.phase = isGood ? "settled" : "trial";
      this.setChoice({ ...choice, realMs });
      this.onTrial(this.mode);
      this.restart(now);
      return;
    }
    this.phase = "settled";
    this.setChoice({ ...choice, mode: frameMs < choice.realMs[choice.mode]! ? mode : choice.mode, realMs });
  }

  private setChoice(choice: ModeChoice): void {
    this.choice = choice;
    this.onChange(choice);
  }
}

/** Milliseconds a frame in each mode, from the stages' times and the time the JavaScript thread is blocked. */
export function predict(
  plan: Plan,
  stageMs: ReadonlyMap<string, number>,
  blockedMs: number,
  workers: number,
): ModeChoice["predictedMs"] {
  const times = plan.stages.map((stage) => stageMs.get(stage.path) ?? 0);
  const sum = times.reduce((a, b) => a + b, 0);
  const slowest = Math.max(0, ...times.map((ms, i) => ms / effectiveReplicas(plan, i)));
  const floor = Math.max(blockedMs, sum / workers);
  return { sequential: sum, task: Math.max(criticalPath(plan, times), floor), pipeline: Math.max(slowest, floor) };
}

const effectiveReplicas = (plan: Plan, stage: number): number => {
  const { replicas = 1, batch, state } = plan.stages[stage]!.options;
  return state ? 1 : replicas * (batch?.max ?? 1);
};

/** Longest way through the stages. */
export function criticalPath(plan: Plan, times: readonly number[]): number {
  const end = new Array<number>(times.length).fill(0);
  let longest = 0;
  // Stages are in an order in which each comes after those it needs.
  plan.stages.forEach((stage, i) => {
    end[i] = end[i]! + times[i]!;
    longest = Math.max(longest, end[i]!);
    for (const consumer of stage.consumers) end[consumer] = Math.max(end[consumer]!, end[i]!);
  });
  return longest;
}
