/**
 * Runs frames over a plan. Each frame counts for every stage the inputs still missing; a stage whose count is 0 goes
 * through its gate, which lets `replicas` frames in (in order, where the stage has state), takes a worker of the pool and
 * runs. Sequential, parallel and pipelined runs differ only in how many stages and how many frames may be under way.
 *
 * Nothing here polls: whoever finishes a stage starts what became possible.
 */
import { InferlabError } from "../../base/errors.ts";
import { describeValue } from "../nodes/node.ts";
import { ExitFrame } from "./exit.ts";
import type { Plan, PlannedStage } from "./plan.ts";
import type { Pool } from "./pool.ts";
import { checkKind } from "./port.ts";
import type { Interleaving, Replay, Replayed } from "./replay.ts";
import type { StageContext, Surroundings } from "./stage.ts";
import { type Checkpoint, States } from "./state.ts";
import type { Recorder } from "./trace.ts";
import { fingerprint } from "./verify.ts";

export interface ExecutorOptions {
  readonly pool: Pool;
  readonly signal: AbortSignal;
  /** Stages of one executor that may run at one time: 1 is sequential. */
  readonly maxActive: number;
  /** Names the run among those it belongs to: "" for the outermost one. */
  readonly id: string;
  readonly recorder?: Recorder;
  /** Compares inputs before and after each stage and names the stage that changed one. */
  readonly verify?: boolean;
  /** Names of the pipelines around this one, with a slash behind: `read/`. */
  readonly prefix: string;
  readonly around: Surroundings;
  readonly record?: Interleaving;
  readonly replay?: Replay;
  /** Number of the first frame, and states as a checkpoint holds them. */
  readonly restore?: Checkpoint;
  /** Calls `onSnapshot` with the states as they are between frames frame − 1 and frame, at every so many frames. */
  readonly snapshots?: { readonly everyFrames: number; readonly onSnapshot: (checkpoint: Checkpoint) => void };
  /** Keeps what each stage gave last, for displays. */
  readonly keepLast?: boolean;
}

export type FrameResult =
  | { readonly kind: "done"; readonly outputs: Record<string, unknown> }
  | { readonly kind: "failed"; readonly error: Error };

interface Frame {
  readonly index: number;
  readonly slots: unknown[];
  readonly missing: Int32Array;
  left: number;
  over: boolean;
  readonly settle: (result: FrameResult) => void;
}

/** Who is in a stage and who waits in front of it. */
interface Gate {
  running: number;
  readonly capacity: number;
  readonly batch: number;
  readonly waitMs: number;
  waiting: Frame[];
  timer: NodeJS.Timeout | undefined;
  /** Stages with state: the frame that comes next, and frames that will never come. */
  next: number;
  readonly passed: Set<number>;
  readonly ordered: boolean;
  /** Frame at whose boundary the state was last kept. */
  keptAt: number;
}

/** A stage that has been called: for one frame, or for several where it takes batches. */
interface Call {
  readonly stage: number;
  readonly frames: Frame | readonly Frame[];
  readonly inputs: readonly unknown[];
  /** −1 for a stage that needs none. */
  readonly worker: number;
  /** Whether the worker is to be given back: a replay takes none. */
  readonly pooled: boolean;
  readonly beganMs: number;
  /** With `verify`: fingerprints of the inputs. */
  readonly before: readonly number[] | undefined;
}

class Context implements StageContext {
  private readonly executor: Executor;
  readonly frame: number;
  readonly stage: string;
  readonly state: unknown;

  constructor(executor: Executor, frame: number, stage: string, state: unknown) {
    this.executor = executor;
    this.frame = frame;
    this.stage = stage;
    this.state = state;
  }

  get signal(): AbortSignal {
    return this.executor.signal;
  }
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as PromiseLike<unknown>).then === "function";

export class Executor implements Replayed {
  private readonly plan: Plan;
  private readonly options: ExecutorOptions;
  private readonly gates: Gate[];
  private readonly counts: Int32Array;
  private readonly frames = new Set<Frame>();
  /** Calls that returned a promise. */
  private readonly calls = new Set<Call>();
  /** Let through their gate, waiting for a worker: stage and frame in turns, read from `head`. */
  private runnable: (number | Frame | readonly Frame[])[] = [];
  private head = 0;
  private draining = false;
  private sending = false;
  private maxActive: number;
  private controller: AbortController | undefined;
  private readonly states: States;
  private readonly lastValues: unknown[] | undefined;
  private readonly hasBatches: boolean;
  private stopped: Error | undefined;
  private readonly wake = (): void => this.drain();
  private readonly abort = (): void => {
    if (this.options.id === "" && !this.stopped) this.options.record?.events.push({ kind: "cancel" });
    this.stop(this.cancelledError);
  };

  constructor(plan: Plan, options: ExecutorOptions) {
    this.plan = plan;
    this.options = options;
    this.counts = Int32Array.from(plan.stages, (stage) => stage.numAwaited);
    this.maxActive = options.maxActive;
    this.lastValues = options.keepLast ? [] : undefined;
    this.states = new States(plan, options.restore, options.snapshots?.onSnapshot);
    const firstFrame = options.restore?.frame ?? 0;
    this.gates = plan.stages.map(({ options: { replicas = 1, batch, state } }) => ({
      running: 0,
      capacity: state ? 1 : replicas,
      batch: batch?.max ?? 1,
      waitMs: batch?.waitMs ?? 0,
      waiting: [],
      timer: undefined,
      next: firstFrame,
      passed: new Set(),
      ordered: state !== undefined,
      keptAt: firstFrame,
    }));
    this.hasBatches = this.gates.some((gate) => gate.batch > 1);
    options.replay?.join(options.id, this);
    options.signal.addEventListener("abort", this.abort, { once: true });
  }

  get cancelledError(): InferlabError {
    return cancelled(this.plan.name);
  }

  /** Fires where the run is cancelled, fails or ends while a stage is at work. */
  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.stopped) this.controller.abort(this.stopped);
    }
    return this.controller.signal;
  }

  /** Why every frame fails from now on; undefined while the executor runs. */
  get failure(): Error | undefined {
    return this.stopped;
  }

  /** Changes how many stages may run at one time. */
  setMaxActive(maxActive: number): void {
    this.maxActive = maxActive;
    this.drain();
  }

  /** Frames that may be under way so that no stage starves. */
  get suggestedWindow(): number {
    return 2 + this.gates.reduce((sum, gate) => sum + gate.capacity * gate.batch, 0);
  }

  /** Each stage as it is now: frames that wait in front of it, calls at work, what it gave last (with `keepLast`). */
  stagesNow(): readonly { readonly stage: string; queued: number; running: number; capacity: number; last: unknown }[] {
    const now = this.gates.map(({ waiting, capacity, batch }, i) => ({
      stage: this.options.prefix + this.plan.stages[i]!.path,
      queued: waiting.length,
      running: 0,
      capacity: capacity * batch,
      last: this.lastValues?.[i],
    }));
    for (const { stage } of this.calls) now[stage]!.running++;
    for (let i = this.head; i < this.runnable.length; i += 2) now[this.runnable[i] as number]!.queued++;
    return now;
  }

  /** States as they are now; a checkpoint where no frame is under way. Errors: PIPELINE for a state that cannot be kept. */
  checkpoint(frame: number): Checkpoint {
    return this.states.checkpoint(frame);
  }

  /**
   * Begins a frame; `settle` is called once, maybe before this returns. `item`: its position in the source, dropped ones
   * counted.
   */
  begin(
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    settle: (result: FrameResult) => void,
    item = index,
  ): void {
    const { record, replay, id } = this.options;
    record?.events.push({ kind: "begin", run: id, frame: index, item });
    if (!replay) this.beginNow(index, inputs, settle);
    else if (replay.failure) settle({ kind: "failed", error: replay.failure });
    else {
      const begin = (): void => this.beginNow(index, inputs, settle);
      replay.offer({ kind: "begin", run: id, frame: index, item }, begin);
      if (replay.failure) settle({ kind: "failed", error: replay.failure });
    }
  }

  private beginNow(
    index: number,
    inputs: Readonly<Record<string, unknown>>,
    settle: (result: FrameResult) => void,
  ): void {
    if (this.options.signal.aborted) this.abort();
    if (this.stopped) {
      settle({ kind: "failed", error: this.stopped });
      return;
    }
    const { plan } = this;
    const slots = new Array<unknown>(plan.numSlots);
    try {
      fillInputs(plan, inputs, slots);
    } catch (error) {
      this.passOrdered(index);
      settle({ kind: "failed", error: error as Error });
      return;
    }
    const frame: Frame = { index, slots, missing: this.counts.slice(), left: plan.stages.length, over: false, settle };
    this.frames.add(frame);
    if (frame.left === 0) this.finishFrame(frame);
    for (const stage of plan.first) this.arrive(stage, frame);
    this.drain();
  }

  /** Ends every frame with `error`; stages at work are left behind and their workers given back. */
  stop(error: Error): void {
    if (this.stopped) return;
    this.stopped = error;
    this.options.replay?.leave(this.options.id);
    this.options.signal.removeEventListener("abort", this.abort);
    this.options.pool.forget(this.wake);
    for (const gate of this.gates) clearTimeout(gate.timer);
    this.runnable = [];
    this.head = 0;
    for (const frame of [...this.frames]) this.endFrame(frame, { kind: "failed", error });
    const calls = [...this.calls];
    this.calls.clear();
    for (const call of calls) this.giveBack(call);
    // Whoever was left behind is told, so that it can stop.
    this.controller?.abort(error);
  }

  /** Ends quietly: no frame is under way. */
  close(): void {
    this.stop(new InferlabError("PIPELINE", `pipeline "${this.plan.name}" was closed`));
  }

  /** A frame has all inputs of a stage. */
  private arrive(stage: number, frame: Frame): void {
    const gate = this.gates[stage]!;
    if (this.isReplaying) {
      gate.waiting.push(frame);
      this.options.replay!.poke();
      return;
    }
    if (gate.batch === 1 && !gate.ordered && gate.running < gate.capacity) {
      gate.running++;
      // An exit may spare the frame what waits already.
      if (this.plan.stages[stage]!.isExit) this.runnable.splice(this.head, 0, stage, frame);
      else this.runnable.push(stage, frame);
      return;
    }
    gate.waiting.push(frame);
    this.admit(stage);
  }

  /** Lets waiting frames through a gate as far as its rules allow. */
  private admit(stage: number, evenIfFew = false): void {
    const gate = this.gates[stage]!;
    if (gate.ordered && gate.running === 0) this.passBy(stage);
    if (this.isReplaying) return;
    while (gate.running < gate.capacity && gate.waiting.length > 0) {
      let group: Frame | Frame[];
      if (gate.ordered) {
        const position = gate.waiting.findIndex((frame) => frame.index === gate.next);
        if (position < 0) return;
        group = gate.waiting.splice(position, 1)[0]!;
        gate.next++;
      } else {
        if (gate.waiting.length < gate.batch && !evenIfFew) {
          if (gate.waitMs > 0) gate.timer ??= setTimeout(() => this.hurry(stage), gate.waitMs);
          return;
        }
        group = gate.batch === 1 ? gate.waiting.shift()! : gate.waiting.splice(0, gate.batch);
      }
      gate.running++;
      this.runnable.push(stage, group);
    }
  }

  /** Frames that will not come are gone by; where that reaches a boundary, the state is kept. */
  private passBy(stage: number): void {
    const gate = this.gates[stage]!;
    const everyFrames = this.options.snapshots?.everyFrames;
    do {
      if (everyFrames === undefined || gate.next === gate.keptAt || gate.next % everyFrames !== 0) continue;
      gate.keptAt = gate.next;
      try {
        this.states.reached(stage, gate.next);
      } catch (error) {
        this.stop(error as Error);
        return;
      }
    } while (gate.passed.delete(gate.next) && ++gate.next);
  }

  private get isReplaying(): boolean {
    const { replay } = this.options;
    return replay !== undefined && !replay.isOver;
  }

  startRecorded(path: string, frames: readonly number[], worker: number): boolean {
    const index = this.plan.stages.findIndex((stage) => stage.path === path);
    const gate = this.gates[index];
    if (!gate || this.stopped) return false;
    const group = frames.map((frame) => gate.waiting.find((waiting) => waiting.index === frame));
    if (group.includes(undefined)) return false;
    gate.waiting = gate.waiting.filter((frame) => !group.includes(frame));
    gate.running++;
    if (gate.ordered) gate.next = frames[0]! + 1;
    this.start(index, gate.batch === 1 ? group[0]! : (group as Frame[]), worker, false);
    return true;
  }

  release(): void {
    this.gates.forEach((_, stage) => {
      this.admit(stage);
    });
    this.drain();
  }

  /** A batch has waited long enough. */
  private hurry(stage: number): void {
    this.gates[stage]!.timer = undefined;
    this.admit(stage, true);
    this.drain();
  }

  /** Starts what can start. Calls from inside (a stage that finished at once) are folded into the loop under way. */
  private drain(): void {
    if (this.draining || this.stopped) return;
    this.draining = true;
    while (this.head < this.runnable.length && this.calls.size < this.maxActive && !this.stopped) {
      const stage = this.runnable[this.head] as number;
      const frames = this.runnable[this.head + 1] as Frame | readonly Frame[];
      let worker = -1;
      if (!this.plan.stages[stage]!.composite) {
        worker = this.options.pool.take();
        if (worker < 0) {
          this.options.pool.wait(this.wake);
          break;
        }
      }
      this.head += 2;
      if (this.head > 1024 && this.head * 2 > this.runnable.length) {
        this.runnable = this.runnable.slice(this.head);
        this.head = 0;
      }
      this.start(stage, frames, worker, true);
    }
    this.draining = false;
    if (this.calls.size === 0 && this.hasBatches) this.sendFewLater();
  }

  /**
   * Where nothing runs, a batch that is not full will not fill up by itself. It is sent off after the code that is
   * running now, which may be bringing more frames.
   */
  private sendFewLater(): void {
    if (this.sending || this.stopped) return;
    this.sending = true;
    queueMicrotask(() => {
      this.sending = false;
      if (this.stopped || this.calls.size > 0 || this.head < this.runnable.length) return;
      const few = this.gates.findIndex((gate) => gate.waiting.length > 0 && gate.batch > 1 && gate.waitMs === 0);
      if (few < 0) return;
      this.admit(few, true);
      this.drain();
    });
  }

  private start(stageIndex: number, group: Frame | readonly Frame[], worker: number, pooled: boolean): void {
    const frames = stillWanted(group);
    const { options } = this;
    if (frames === undefined) {
      if (pooled && worker >= 0) options.pool.give(worker);
      this.leave(stageIndex);
      return;
    }
    const stage = this.plan.stages[stageIndex]!;
    const first = isList(frames) ? frames[0]! : frames;
    const inputs = stage.inputSlots.map(
      stage.options.batch
        ? (slot) => (isList(frames) ? frames : [frames]).map((frame) => frame.slots[slot])
        : (slot) => first.slots[slot],
    );
    const call: Call = {
      stage: stageIndex,
      frames,
      inputs,
      worker,
      pooled,
      beganMs: options.recorder ? performance.now() : 0,
      before: options.verify ? inputs.map((value, i) => (stage.mayChange[i] ? 0 : fingerprint(value))) : undefined,
    };
    if (options.record) {
      const indices = isList(frames) ? frames.map(({ index }) => index) : [frames.index];
      options.record.events.push({ kind: "start", run: options.id, stage: stage.path, frames: indices, worker });
    }
    options.replay?.started(!stage.waitsForOwn);
    const context = new Context(this, first.index, options.prefix + stage.path, this.states.of(stageIndex));
    let result: unknown;
    try {
      result = stage.call(inputs, context, options.around);
    } catch (error) {
      this.ended(call, false, error);
      return;
    }
    if (!isPromise(result)) {
      this.ended(call, true, result);
      return;
    }
    this.calls.add(call);
    result.then(
      (value) => this.answered(call, true, value),
      (error) => this.answered(call, false, error),
    );
  }

  private answered(call: Call, ok: boolean, result: unknown): void {
    if (!this.calls.has(call)) return; // left behind by stop()
    this.ended(call, ok, result);
    this.drain();
  }

  /** The call is over: recorded, or held back until its turn comes. */
  private ended(call: Call, ok: boolean, result: unknown): void {
    const { record, replay, id } = this.options;
    if (!record && !replay) {
      this.settle(call, ok, result);
      return;
    }
    const stage = this.plan.stages[call.stage]!;
    const frame = (isList(call.frames) ? call.frames[0]! : call.frames).index;
    const event = { kind: "end", run: id, stage: stage.path, frame, ok } as const;
    record?.events.push(event);
    if (!replay) this.settle(call, ok, result);
    else {
      const settle = (): void => {
        this.settle(call, ok, result);
        this.drain();
      };
      replay.offer(event, settle, !stage.waitsForOwn);
    }
  }

  private settle(call: Call, ok: boolean, result: unknown): void {
    this.calls.delete(call);
    if (ok) this.finish(call, result);
    else this.fail(call, result);
  }

  private finish(call: Call, result: unknown): void {
    const stage = this.plan.stages[call.stage]!;
    const { frames } = call;
    try {
      if (call.before) this.checkUnchanged(stage, call.before, call.inputs);
      if (stage.options.batch) {
        const list = isList(frames) ? frames : [frames];
        const results = checkBatch(result, list.length);
        list.forEach((frame, i) => {
          if (stage.output !== "any") checkKind(stage.output, results[i], () => "its result");
          frame.slots[stage.outputSlot] = results[i];
        });
      } else {
        if (stage.output !== "any") checkKind(stage.output, result, () => "its result");
        (frames as Frame).slots[stage.outputSlot] = result;
      }
    } catch (error) {
      this.fail(call, error);
      return;
    }
    if (this.options.recorder) this.record(call, true);
    if (this.lastValues) this.lastValues[call.stage] = result;
    this.giveBack(call);
    this.leave(call.stage);
    if (result instanceof ExitFrame) {
      this.endFrame(frames as Frame, { kind: "done", outputs: result.outputs });
      return;
    }
    if (isList(frames)) for (const frame of frames) this.advance(stage, frame);
    else this.advance(stage, frames);
  }

  /** A frame is through a stage. */
  private advance(stage: PlannedStage, frame: Frame): void {
    if (frame.over) return;
    const { consumers } = stage;
    for (let i = 0; i < consumers.length; i++) {
      const consumer = consumers[i]!;
      if (--frame.missing[consumer]! === 0) this.arrive(consumer, frame);
    }
    if (--frame.left === 0) this.finishFrame(frame);
  }

  private fail(call: Call, cause: unknown): void {
    if (this.options.recorder) this.record(call, false);
    this.giveBack(call);
    this.leave(call.stage);
    const stage = this.options.prefix + this.plan.stages[call.stage]!.path;
    for (const frame of isList(call.frames) ? call.frames : [call.frames])
      if (!frame.over)
        this.endFrame(frame, { kind: "failed", error: stageError(this.plan.name, stage, frame.index, cause) });
  }

  private record({ stage, frames, beganMs, worker }: Call, ok: boolean): void {
    const { recorder, prefix } = this.options;
    const path = prefix + this.plan.stages[stage]!.path;
    const list = isList(frames) ? frames : [frames];
    recorder!.add(path, list[0]!.index, beganMs, performance.now(), worker, ok, list.length);
  }

  /** A stage has a place free again. */
  private leave(stage: number): void {
    const gate = this.gates[stage]!;
    gate.running--;
    if (gate.ordered || gate.waiting.length > 0) this.admit(stage);
  }

  private giveBack({ worker, pooled }: Call): void {
    if (pooled && worker >= 0) this.options.pool.give(worker);
  }

  private finishFrame(frame: Frame): void {
    const outputs: Record<string, unknown> = {};
    for (const { name, slot } of this.plan.outputs) outputs[name] = frame.slots[slot];
    this.endFrame(frame, { kind: "done", outputs });
  }

  private endFrame(frame: Frame, result: FrameResult): void {
    if (frame.over) return;
    frame.over = true;
    this.frames.delete(frame);
    // Failed, or over early: stages it has not reached need not wait for it.
    if (frame.left > 0 && !this.stopped) {
      for (const gate of this.gates) gate.waiting = gate.waiting.filter((waiting) => waiting !== frame);
      this.passOrdered(frame.index);
    }
    frame.settle(result);
  }

  /** Stages with state do not wait for a frame that will not come. */
  private passOrdered(index: number): void {
    this.gates.forEach((gate, stage) => {
      if (!gate.ordered || index < gate.next) return;
      gate.passed.add(index);
      this.admit(stage);
    });
  }

  private checkUnchanged(stage: PlannedStage, before: readonly number[], inputs: readonly unknown[]): void {
    inputs.forEach((value, i) => {
      if (!stage.mayChange[i] && fingerprint(value) !== before[i])
        throw new InferlabError("PIPELINE", `it changed its input ${i + 1} (${describeValue(value)})`, {
          hint: "other stages may hold the same value: return a new one",
          details: { stage: stage.path, input: i },
        });
    });
  }
}

const isList = (frames: Frame | readonly Frame[]): frames is readonly Frame[] => Array.isArray(frames);

/** Frames that have not failed meanwhile; undefined where none is left. */
function stillWanted(group: Frame | readonly Frame[]): Frame | readonly Frame[] | undefined {
  if (!isList(group)) return group.over ? undefined : group;
  const wanted = group.filter((frame) => !frame.over);
  return wanted.length > 0 ? wanted : undefined;
}

function fillInputs(plan: Plan, inputs: Readonly<Record<string, unknown>>, slots: unknown[]): void {
  for (const { slot, value } of plan.constants) slots[slot] = value;
  let given = 0;
  for (const { name, kind, slot, default: fallback } of plan.inputs) {
    const value = inputs[name];
    if (value !== undefined) given++;
    slots[slot] = value ?? fallback;
    if (slots[slot] === undefined && kind !== "any")
      throw new InferlabError("PIPELINE", `input "${name}" of pipeline "${plan.name}" is missing`, {
        hint: `inputs are ${plan.inputs.map((input) => input.name).join(", ")}`,
      });
    if (value !== undefined) checkKind(kind, value, () => `input "${name}" of pipeline "${plan.name}"`);
  }
  if (given === Object.keys(inputs).length) return;
  for (const name of Object.keys(inputs))
    if (inputs[name] !== undefined && !plan.inputs.some((input) => input.name === name))
      throw new InferlabError("PIPELINE", `pipeline "${plan.name}" has no input ${JSON.stringify(name)}`, {
        hint: `inputs are ${plan.inputs.map((input) => input.name).join(", ") || "none"}`,
      });
}

function checkBatch(result: unknown, count: number): readonly unknown[] {
  if (Array.isArray(result) && result.length === count) return result;
  throw new InferlabError(
    "PIPELINE",
    `it was given a batch of ${count} and returned ${describeValue(result)}, expected a list of ${count}`,
  );
}

export function cancelled(name: string): InferlabError {
  return new InferlabError("CANCELLED", `run of pipeline "${name}" was cancelled`);
}

/** A stage's failure: its own code where it has one, the stage in front of the message. */
function stageError(pipeline: string, stage: string, frame: number, cause: unknown): InferlabError {
  const own = cause instanceof InferlabError ? cause : undefined;
  if (own?.code === "CANCELLED") return own;
  const reason = cause instanceof Error ? cause.message : String(cause);
  // An error of a pipeline inside this stage says its stage already.
  const inner = own?.details["pipeline"] !== undefined;
  return new InferlabError(own?.code ?? "PIPELINE", inner ? reason : `stage "${stage}" failed: ${reason}`, {
    ...(own?.hint === undefined ? {} : { hint: own.hint }),
    details: { ...own?.details, pipeline, stage: inner ? own.details["stage"] : stage, frame },
    cause,
  });
}
