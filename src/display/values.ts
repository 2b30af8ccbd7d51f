/** What a cell calls to have things shown that have no class of their own. Each returns a value that shows itself. */
import { display, displaySymbol, withDisplay } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import type { Image } from "../base/image.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { PlannedMemory } from "../compiler/plan/plan-memory.ts";
import type { Audio } from "./audio.ts";
import type { CompareOptions } from "./compare.ts";
import type { Embedding } from "./embedding.ts";
import type { BeforeAfter, Video } from "./frames.ts";
import type { HeapMap, MemoryTimeline } from "./memory.ts";
import type { Scores } from "./scores.ts";
import type { TableOptions } from "./table.ts";
import type { View } from "./view.ts";

const shown = <T extends object>(kind: string, value: T, options?: object): T & View =>
  withDisplay(kind, { ...value, kind }, options as Record<string, unknown> | undefined);

/** Two tensors: error figures, where the largest is, a picture of the difference. `b` is the truth. */
export function compare(a: Tensor, b: Tensor, options?: CompareOptions): { a: Tensor; b: Tensor } & View {
  return shown("comparison", { a, b }, options);
}

/** Rows of like objects. */
export function table(rows: readonly unknown[], options?: TableOptions): { rows: readonly unknown[] } & View {
  return { rows, [displaySymbol]: () => display("table", rows, { ...options }) ?? { "text/plain": "table" } };
}

/** The best of many scores. `values` may be a tensor. */
export function scores(
  values: Tensor | ArrayLike<number>,
  labels?: readonly string[],
  options?: { top?: number },
): Scores & View {
  return shown("scores", { values, labels }, options);
}

/** Sound of one channel: wave, spectrogram, player. Errors: ARGUMENT for a sample rate that is not positive. */
export function audio(samples: Float32Array, sampleRate: number, name?: string): Audio & View {
  if (!(sampleRate > 0))
    throw new InferlabError("ARGUMENT", `sample rate is ${sampleRate}, expected a positive number`);
  return shown("audio", { samples, sampleRate, name });
}

/** Frames as a strip. */
export function video(frames: readonly Image[], framesPerSecond?: number, name?: string): Video & View {
  return shown("video", { frames, framesPerSecond, name });
}

/** Two versions of a picture, with a slider where scripts may run. */
export function beforeAfter(before: Image, after: Image, names?: readonly [string, string]): BeforeAfter & View {
  return shown("before-after", { before, after, names });
}

/** Vectors as a cloud of points on their principal plane. */
export function embedding(vectors: Tensor, labels?: readonly string[]): Embedding & View {
  return shown("embedding", { vectors, labels });
}

/** Two graphs or models: what was removed, added, changed. */
export function diff(
  before: Graph | { readonly graph: Graph },
  after: Graph | { readonly graph: Graph },
  names?: readonly [string, string],
): { before: Graph; after: Graph } & View {
  const graphOf = (value: Graph | { readonly graph: Graph }) => ("graph" in value ? value.graph : value);
  return shown("graph-diff", { before: graphOf(before), after: graphOf(after) }, { names });
}

/** A memory plan as a skyline of buffers. */
export const memoryPlan = (planned: PlannedMemory): PlannedMemory & View => shown("memory-plan", planned);

/** A heap as a map of its addresses. */
export const heapMap = (heap: HeapMap): HeapMap & View => shown("heap-map", heap);

/** Memory in use over time. */
export const memoryTimeline = (timeline: MemoryTimeline): MemoryTimeline & View => shown("memory-timeline", timeline);
