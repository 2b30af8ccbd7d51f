/** What stages with state remember between frames: made anew or from a checkpoint, and kept for one. */
import { InferlabError } from "../../base/errors.ts";
import type { Plan } from "./plan.ts";
import type { StateOptions } from "./stage.ts";

/** Where a stream stood: states of its stages after all frames before `frame`, and none from it on. */
export interface Checkpoint {
  readonly pipeline: string;
  readonly frame: number;
  readonly state: Readonly<Record<string, unknown>>;
}

const optionsOf = (state: (() => unknown) | StateOptions): StateOptions =>
  typeof state === "function" ? { create: state } : state;

/** The states of one run, by number of the stage. */
export class States {
  private readonly plan: Plan;
  private readonly values = new Map<number, unknown>();
  /** States kept so far of boundaries that not every stage has reached. */
  private readonly boundaries = new Map<number, Map<number, unknown>>();
  private readonly onSnapshot: ((checkpoint: Checkpoint) => void) | undefined;

  /** Errors: PIPELINE where the checkpoint lacks the state of a stage. */
  constructor(plan: Plan, restore: Checkpoint | undefined, onSnapshot?: (checkpoint: Checkpoint) => void) {
    this.plan = plan;
    this.onSnapshot = onSnapshot;
    plan.stages.forEach(({ path, options: { state } }, stage) => {
      if (state) this.values.set(stage, makeState(path, optionsOf(state), restore));
    });
  }

  /** The state of a stage; undefined where it has none. */
  of(stage: number): unknown {
    return this.values.get(stage);
  }

  /** All states as they are now. Errors: PIPELINE for a state that cannot be kept. */
  checkpoint(frame: number): Checkpoint {
    return this.named(frame, new Map([...this.values.keys()].map((stage) => [stage, this.keep(stage)])));
  }

  /** A stage stands between frames frame − 1 and frame; once every stage has come that far, all is handed on. */
  reached(stage: number, frame: number): void {
    const kept = this.boundaries.get(frame) ?? new Map<number, unknown>();
    this.boundaries.set(frame, kept);
    kept.set(stage, this.keep(stage));
    if (kept.size < this.values.size) return;
    this.boundaries.delete(frame);
    this.onSnapshot?.(this.named(frame, kept));
  }

  private named(frame: number, states: ReadonlyMap<number, unknown>): Checkpoint {
    const state = Object.fromEntries([...states].map(([stage, kept]) => [this.plan.stages[stage]!.path, kept]));
    return { pipeline: this.plan.name, frame, state };
  }

  private keep(stage: number): unknown {
    const { path, options } = this.plan.stages[stage]!;
    const { save } = optionsOf(options.state!);
    const state = this.values.get(stage);
    try {
      return structuredClone(save ? save(state as never) : state);
    } catch (cause) {
      throw new InferlabError("PIPELINE", `state of stage "${path}" cannot be kept: ${(cause as Error).message}`, {
        hint: "give the state functions save and load: state: { create, save, load }",
        cause,
      });
    }
  }
}

function makeState(path: string, { create, load }: StateOptions, restore: Checkpoint | undefined): unknown {
  if (!restore) return create();
  if (!Object.hasOwn(restore.state, path))
    throw new InferlabError("PIPELINE", `the checkpoint holds no state of stage "${path}"`, {
      hint: `it holds ${Object.keys(restore.state).join(", ") || "none"}`,
    });
  const kept = structuredClone(restore.state[path]);
  return load ? load(kept as never) : kept;
}
