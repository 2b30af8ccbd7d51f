/**
 * Kernels measured on this machine instead of modelled (`autotune`). A stage is lowered once to learn which trials there
 * are (program/trial.ts); they run here, those of one node in turn; then it is lowered with what they took.
 */
import { InferlabError } from "../../base/errors.ts";
import { randomSource } from "../../base/random.ts";
import { schema } from "../../compiler/program/registry.ts";
import { encodeTrial, type Measurements, type Trial, trialKey } from "../../compiler/program/trial.ts";
import type { AutotuneOptions } from "../engine.ts";
import type { Addon, NativeProgram, NativeStore, NativeToken } from "./addon.ts";
import type { TrialTimes } from "./trial-times.ts";

/** Trials of a node that are measured together. */
interface Contest {
  readonly what: string;
  readonly trials: readonly Trial[];
}

/** A way that once took so many times as long as the best one is not run again. */
const hopeless = 2.5;
/** Rounds that every other way runs, and those it runs while the contest has taken less than so long. */
const [leastRounds, mostRounds, contestMs] = [3, 40, 25];
/** A program shorter than so long would be run on one thread, whatever it may use: its work is repeated. */
const leastProgramUs = 400;
/** Choices change layouts, which may ask for trials that nobody had asked for. */
const maxSurveys = 4;

export class Tuner implements Measurements {
  private readonly addon: Addon;
  private readonly threads: number;
  private readonly measured: TrialTimes;
  private readonly options: AutotuneOptions;
  private wanted: Contest[] = [];

  /** `times`: what was measured before, and where it is kept. */
  constructor(addon: Addon, threads: number, times: TrialTimes, options: AutotuneOptions) {
    this.addon = addon;
    this.threads = threads;
    this.measured = times;
    this.options = options;
  }

  times(what: string, trials: readonly Trial[]): readonly number[] | undefined {
    const known = trials.map((trial) => this.measured.get(this.keyOf(trial)));
    if (known.every((us) => us !== undefined)) return known;
    this.wanted.push({ what, trials });
    return undefined;
  }

  /**
   * Measures whatever `survey`, which lowers with these measurements, asks for. What was measured is kept also where it is
   * cancelled.
   *
   * Errors: CANCELLED where the signal fired.
   */
  async prepare(survey: () => void, signal: AbortSignal | undefined): Promise<void> {
    try {
      for (let i = 0; i < maxSurveys; i++) {
        this.wanted = [];
        survey();
        const contests = new Map(this.wanted.map((contest) => [contest.trials.map(trialKey).join(), contest]));
        if (contests.size === 0) return;
        let done = 0;
        for (const contest of contests.values()) {
          this.options.onProgress?.({ node: contest.what, done: done++, total: contests.size });
          await this.measure(contest, signal);
        }
        this.options.onProgress?.({ node: "", done, total: contests.size });
      }
    } finally {
      this.wanted = [];
      this.measured.save();
    }
  }

  private keyOf(trial: Trial): string {
    return `${this.threads} ${trialKey(trial)}`;
  }

  private async measure({ what, trials }: Contest, signal: AbortSignal | undefined): Promise<void> {
    const token = signal ? new this.addon.CancelToken() : undefined;
    const cancel = (): void => token?.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    const entries: TrialRun[] = [];
    try {
      const unique = new Map(trials.map((trial) => [this.keyOf(trial), trial]));
      for (const [key, trial] of unique) {
        throwIfAborted(signal, what);
        entries.push(await TrialRun.load(this.addon, this.threads, key, trial, token));
      }
      const start = performance.now();
      for (let round = 0; round < mostRounds; round++) {
        // A copy has no rivals.
        for (const entry of entries) {
          const rivals = entries.filter(({ instruction }) => instruction === entry.instruction);
          const best = Math.min(...rivals.map(({ us }) => us));
          if (entry.us > hopeless * best) continue;
          throwIfAborted(signal, what);
          await entry.run(token);
        }
        if (round + 1 >= leastRounds && performance.now() - start > contestMs) break;
      }
      for (const { key, us } of entries) this.measured.set(key, us);
    } catch (error) {
      throwIfAborted(signal, what);
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
      for (const entry of entries) entry.dispose();
    }
  }
}

function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted)
    throw new InferlabError("CANCELLED", `measuring of kernels for "${what}" was cancelled`, { cause: signal.reason });
}

/** One trial's program and the best time it has shown. */
class TrialRun {
  readonly key: string;
  readonly instruction: string;
  /** Microseconds of the work once. */
  us = Number.POSITIVE_INFINITY;
  private readonly store: NativeStore;
  private program: NativeProgram | undefined;
  private readonly inputs: readonly Float32Array[];

  private constructor(
    key: string,
    trial: Trial,
    store: NativeStore,
    program: NativeProgram,
    inputs: readonly Float32Array[],
  ) {
    this.key = key;
    this.instruction = trial.instruction.name;
    this.store = store;
    this.program = program;
    this.inputs = inputs;
  }

  static async load(
    addon: Addon,
    threads: number,
    key: string,
    trial: Trial,
    token: NativeToken | undefined,
  ): Promise<TrialRun> {
    const once = encodeTrial(schema, trial, 1);
    const store = new addon.ConstantStore("measurements of kernels");
    for (const [id, bytes] of once.constantBytes.entries()) store.put(id, noise(bytes));
    const inputs = once.inputBytes.map(noise);
    const entry = new TrialRun(key, trial, store, await addon.load(store, once.bytes, threads), inputs);
    await entry.run(token);
    const repeats = Math.min(256, Math.ceil(leastProgramUs / Math.max(entry.us, 1)));
    if (repeats > 1) {
      entry.program!.dispose();
      entry.program = await addon.load(store, encodeTrial(schema, trial, repeats).bytes, threads);
    }
    // Caches and pages were cold.
    entry.us = Number.POSITIVE_INFINITY;
    await entry.run(token);
    return entry;
  }

  async run(token: NativeToken | undefined): Promise<void> {
    const { record } = await this.program!.run(this.inputs, true, 0, token);
    const { timesUs } = record!;
    for (let i = 0; i < timesUs.length; i += 2) this.us = Math.min(this.us, timesUs[i + 1]! - timesUs[i]!);
    // A clock that did not move.
    this.us = Math.max(this.us, 0.01);
  }

  dispose(): void {
    this.store.dispose();
    this.program = undefined;
  }
}

/** Floats between -0.5 and 0.5: neither zeros, which a kernel may skip, nor denormals, which are slow. */
function noise(bytes: number): Float32Array {
  const random = randomSource(1);
  const period = Float32Array.from({ length: Math.min(bytes / 4, 4093) }, () => random() - 0.5);
  const array = new Float32Array(bytes / 4);
  for (let at = 0; at < array.length; at += period.length)
    array.set(period.subarray(0, Math.min(period.length, array.length - at)), at);
  return array;
}
