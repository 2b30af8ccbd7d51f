/**
 * The order in which a run's frames began and its stages started and ended, to be kept and run again. A failure that needs
 * two stages to meet in one way is caught once and then happens every time.
 *
 * Replay holds every event back until those before it have happened; what the stages compute is computed anew, so a stage
 * must do for the same inputs what it did then. Where it does not, replay says at which event the two runs part.
 */
import { InferlabError } from "../../base/errors.ts";

/** What happened. `run` is "" for the run itself and a path for the pipelines that its stages hold. */
export type InterleavingEvent =
  | { readonly kind: "begin"; readonly run: string; readonly frame: number; readonly item: number }
  | {
      readonly kind: "start";
      readonly run: string;
      readonly stage: string;
      readonly frames: readonly number[];
      readonly worker: number;
    }
  | { readonly kind: "end"; readonly run: string; readonly stage: string; readonly frame: number; readonly ok: boolean }
  | { readonly kind: "cancel" };

const format = "inferlab.interleaving";

/**
 * A recorded order of events: `run` and `stream` fill one given as `record` and follow one given as `replay`.
 *
 * @example
 * const recorded = new Interleaving();
 * await p.run(inputs, { record: recorded });
 * await p.run(inputs, { replay: recorded }); // the stages start and end in the same order, on the same workers
 */
export class Interleaving {
  readonly events: InterleavingEvent[];

  constructor(events: readonly InterleavingEvent[] = []) {
    this.events = [...events];
  }

  toJSON(): { readonly format: string; readonly version: 1; readonly events: readonly InterleavingEvent[] } {
    return { format, version: 1, events: this.events };
  }

  /** Errors: PIPELINE for a text that is no recording, or one of a newer version. */
  static fromJSON(source: string | object): Interleaving {
    const json = (typeof source === "string" ? parse(source) : source) as {
      format?: unknown;
      version?: unknown;
      events?: unknown;
    } | null;
    if (json?.format !== format || !Array.isArray(json.events))
      throw new InferlabError("PIPELINE", `the text is no recording of a run, expected "format": "${format}"`);
    if (json.version !== 1)
      throw new InferlabError("PIPELINE", `the recording is of version ${JSON.stringify(json.version)}, expected 1`, {
        hint: "update inferlab",
      });
    return new Interleaving(json.events as InterleavingEvent[]);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InferlabError("PIPELINE", `the recording is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** What replay asks of an executor. */
export interface Replayed {
  /** Starts the stage for these frames if all of them are there. */
  startRecorded(stage: string, frames: readonly number[], worker: number): boolean;
  /** The recording is over: go on as without it. */
  release(): void;
  stop(error: Error): void;
  readonly cancelledError: InferlabError;
}

const keyOf = (event: InterleavingEvent): string => {
  if (event.kind === "begin") return `begin|${event.run}|${event.frame}`;
  if (event.kind === "end") return `end|${event.run}|${event.stage}|${event.frame}|${event.ok ? "ok" : "failed"}`;
  return event.kind;
};

const describe = (event: InterleavingEvent): string => {
  const within = "run" in event && event.run !== "" ? ` in ${event.run}` : "";
  if (event.kind === "begin") return `the begin of frame ${event.frame}${within}`;
  if (event.kind === "cancel") return "the cancel";
  const frames = event.kind === "start" ? event.frames.join(", ") : `${event.frame}`;
  const what = event.kind === "start" ? "start" : event.ok ? "end" : "failure";
  return `the ${what} of stage "${event.stage}" with frame ${frames}${within}`;
};

/** One replay under way. */
export class Replay {
  private readonly events: readonly InterleavingEvent[];
  private readonly expected: ReadonlySet<string>;
  private readonly items: ReadonlySet<number>;
  private readonly lastItem: number;
  private readonly offered = new Map<string, () => void>();
  private readonly executors = new Map<string, Replayed>();
  private position = 0;
  private pumping = false;
  /** Calls of stages that do work of their own and have not ended. */
  private atWork = 0;
  private sourceEnded = false;
  private checking = false;
  failure: InferlabError | undefined;

  constructor({ events }: Interleaving) {
    this.events = events;
    this.expected = new Set(events.map(keyOf));
    this.items = new Set(events.flatMap((event) => (event.kind === "begin" && event.run === "" ? [event.item] : [])));
    this.lastItem = [...this.items].reduce((a, b) => Math.max(a, b), -1);
  }

  get isOver(): boolean {
    return this.position >= this.events.length;
  }

  /** Whether the item of the source was begun then; one that was not had been dropped. */
  wasBegun(item: number): boolean {
    return this.isOver || this.items.has(item) || item > this.lastItem;
  }

  join(run: string, executor: Replayed): void {
    this.executors.set(run, executor);
  }

  leave(run: string): void {
    this.executors.delete(run);
  }

  /** `act` is called when it is this event's turn. */
  offer(event: InterleavingEvent, act: () => void, endsWork = false): void {
    if (endsWork) this.atWork--;
    if (this.isOver) {
      act();
      return;
    }
    const key = keyOf(event);
    // Frames behind the recorded ones run freely once those are through.
    const isFurther = event.kind === "begin" && event.run === "" && event.item > this.lastItem;
    if (!isFurther && !this.expected.has(key)) {
      this.part(`${describe(event)} was not recorded`);
      return;
    }
    this.offered.set(key, act);
    this.pump();
  }

  started(doesWork: boolean): void {
    if (doesWork) this.atWork++;
  }

  /** Something may be there that the next event waits for. */
  poke(): void {
    this.pump();
  }

  noMoreFrames(): void {
    this.sourceEnded = true;
    this.pump();
  }

  private pump(): void {
    if (this.pumping || this.failure) return;
    this.pumping = true;
    while (!this.isOver && !this.failure) {
      const event = this.events[this.position]!;
      if (event.kind === "cancel") {
        this.position++;
        const root = this.executors.get("");
        root?.stop(root.cancelledError);
      } else if (event.kind === "start") {
        const executor = this.executors.get(event.run);
        this.position++;
        if (executor?.startRecorded(event.stage, event.frames, event.worker)) continue;
        this.position--;
        break;
      } else {
        const key = keyOf(event);
        const act = this.offered.get(key);
        if (!act) break;
        this.offered.delete(key);
        this.position++;
        act();
      }
    }
    this.pumping = false;
    if (this.isOver) {
      for (const act of this.offered.values()) act();
      this.offered.clear();
      for (const executor of [...this.executors.values()]) executor.release();
    } else this.checkLater();
  }

  /** Where nothing is at work and the next event is not there, it will never come. */
  private checkLater(): void {
    if (this.checking || this.atWork > 0) return;
    this.checking = true;
    const { position } = this;
    setImmediate(() => {
      this.checking = false;
      if (this.failure || this.isOver || this.atWork > 0) return;
      if (this.position !== position) {
        this.checkLater();
        return;
      }
      const event = this.events[position]!;
      if (event.kind === "begin" && event.run === "" && !this.sourceEnded) return;
      if (this.executors.size > 0) this.part(`${describe(event)} was recorded and does not come`);
    });
  }

  private part(what: string): void {
    this.failure ??= new InferlabError("PIPELINE", `the replay parts from the recording: ${what}`, {
      hint: "replay needs the same pipeline, the same inputs and stages that do the same for them",
      details: { event: this.position },
    });
    for (const executor of [...this.executors.values()]) executor.stop(this.failure);
  }
}
