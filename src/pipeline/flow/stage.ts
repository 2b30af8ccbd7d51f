/** What a stage is: its work, its inputs, and what to do when it is slow or fails. */
import type { Tensor } from "../../base/tensor.ts";
import type { Kind } from "../nodes/node.ts";
import type { HasParts } from "./plan.ts";
import type { Resource } from "./resource.ts";

/** What a stage's function is told besides its inputs. */
export interface StageContext<S = unknown> {
  /** Fires when the run is cancelled or the stage's time is up. */
  readonly signal: AbortSignal;
  /** Number of the frame, from 0; 0 outside streams. */
  readonly frame: number;
  /** Name of the stage with the pipelines it is in: `read/detect`. */
  readonly stage: string;
  /** What `state` of the stage's options made, one for all frames of a run. */
  readonly state: S;
}

/** A function on values, as a stage calls it. */
export type StageFunction = (...args: never[]) => unknown;

/** A compiled graph: a Session on any engine. */
export interface SessionLike {
  readonly name: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
  run(feeds: Record<string, Tensor>, options?: { signal?: AbortSignal }): Promise<Record<string, Tensor>>;
}

/** State that checkpoints keep in a form of its own. */
export interface StateOptions {
  readonly create: () => unknown;
  readonly save?: (state: never) => unknown;
  readonly load?: (saved: never) => unknown;
}

export interface StageOptions<R = unknown> {
  /** Options of a node of the library. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Frames of a stream that may be in this stage at one time. Default 1. */
  readonly replicas?: number;
  /** Calls the function with lists, of up to `max` frames' inputs; it returns a list. Waits `waitMs` for more frames. */
  readonly batch?: { readonly max: number; readonly waitMs?: number };
  /**
   * Makes what `context.state` holds; the stage then sees frames one at a time and in order. With `save` and `load` a
   * checkpoint holds what they make of it; otherwise a structured clone.
   */
  readonly state?: (() => unknown) | StateOptions;
  /**
   * The function's result depends on its inputs only and it touches nothing else: passes may drop, merge or hoist it.
   * Nodes of the library and sessions are pure without saying so.
   */
  readonly pure?: boolean;
  /**
   * Runs the function in a worker thread: `true` for a function that stands on its own (it sees its inputs, the context
   * and what it imports itself), or the address of a module that exports it under its name. Inputs are copied there (memory
   * of a SharedArrayBuffer is shared), results are moved here. A cancelled or late call ends its thread.
   */
  readonly worker?: boolean | string | URL;
  /** More attempts after a failure. Default 0. */
  readonly retry?: number;
  /** Milliseconds between attempts. Default 0. */
  readonly retryDelayMs?: number;
  /** Milliseconds an attempt may take. */
  readonly timeoutMs?: number;
  /** Called with the error and the inputs where every attempt failed; what it returns is the result. */
  readonly fallback?: (error: Error, ...inputs: never[]) => R | Promise<R>;
  /** What the stage returns, for the check at run time. Nodes say it themselves. */
  readonly output?: Kind;
}

/** How a stage is called. `inputs` are in the order of its ports. */
export type StageCall = (inputs: readonly unknown[], context: StageContext, run: Surroundings) => unknown;

/** What a run lends its stages. */
export interface Surroundings {
  /**
   * Runs a pipeline that a stage holds: on the pool and with the signal of the outer one. `label` is where it stands,
   * `item` tells runs of one call apart that may overlap.
   */
  nested(
    pipeline: RunsNested,
    inputs: Readonly<Record<string, unknown>>,
    label: string,
    context: StageContext,
    item?: number,
  ): Promise<Record<string, unknown>>;
  /** The resource's value, opened if it is not yet. */
  resource(resource: Resource): unknown;
}

/** A pipeline as a stage sees it. */
export interface RunsNested extends HasParts {
  readonly name: string;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

export interface Stage {
  readonly name: string;
  /** What it is, for pictures and JSON: `function`, `node resize`, `session det on ort`, `if`, `map`… */
  readonly about: string;
  readonly inputSlots: readonly number[];
  readonly outputSlot: number;
  readonly output: Kind;
  readonly call: StageCall;
  /** A stage that waits for stages of its own holds no worker meanwhile. */
  readonly composite: boolean;
  readonly options: StageOptions;
  /** Inputs whose memory the stage may give away: nobody else reads them. */
  readonly moved?: ReadonlySet<number>;
  /** What the builder was given, for JSON and code; the shape depends on `about`. */
  readonly source: StageSource;
}

/** What a stage was made of. */
export type StageSource =
  | { readonly kind: "function"; readonly work: StageFunction }
  | { readonly kind: "node"; readonly node: string }
  | { readonly kind: "session"; readonly session: SessionLike }
  | { readonly kind: "pipeline"; readonly pipeline: RunsNested }
  | { readonly kind: "field"; readonly field: string }
  | { readonly kind: "resource"; readonly resource: Resource }
  /** What a pass made of other stages; only running it makes sense. */
  | { readonly kind: "pass"; readonly pass: string; readonly pure: boolean }
  /** Ends the frame with these outputs where its first input is true. */
  | { readonly kind: "exit"; readonly outputs: readonly string[] }
  | ControlSource;

/** A stage that decides or repeats, with the pipelines it holds. */
export interface ControlSource {
  readonly kind: "if" | "switch" | "while" | "for" | "map" | "reduce";
  readonly branches: Readonly<Record<string, StageFunction | RunsNested>>;
  readonly settings: Readonly<Record<string, number>>;
}
