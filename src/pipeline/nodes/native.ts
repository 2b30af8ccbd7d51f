/**
 * The picture kernels of the addon. A node asks here first; where there is no addon, or none that has the kernel, its plain
 * TypeScript reference answers. What both may differ in is said at the node: nothing where pixels are moved or integers are
 * added, one level of 255 where weights are rounded.
 */
import { availableParallelism } from "node:os";
import { env } from "../../base/env.ts";
import { InferlabError } from "../../base/errors.ts";
import { loadAddon } from "../../runtime/native/addon.ts";
import type { Pixels } from "./picture.ts";

export type NativeArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Float32Array
  | Float64Array;

let referenceDepth = 0;
let threads: number | undefined;

/** Runs `body` with the references only: what a machine without a compiler gets. Tests compare the two. */
export function withoutNative<T>(body: () => T): T {
  referenceDepth++;
  try {
    return body();
  } finally {
    referenceDepth--;
  }
}

/** Threads a picture node uses at most, from now on. Default: INFERLAB_THREADS, or the number of CPUs. */
export function setNodeThreads(count: number | undefined): void {
  if (count !== undefined && (!Number.isInteger(count) || count < 1 || count > 256))
    throw new InferlabError("ARGUMENT", `threads is ${count}, expected an integer from 1 to 256`);
  threads = count;
}

function defaultThreads(): number {
  const said = Number(env("INFERLAB_THREADS"));
  return Number.isInteger(said) && said > 0 ? Math.min(said, 256) : availableParallelism();
}

/** Calls a kernel. False where there is none: the caller goes on with its reference. */
export function callNative(
  name: string,
  params: readonly number[],
  inputs: readonly NativeArray[],
  outputs: readonly NativeArray[],
): boolean {
  if (referenceDepth > 0) return false;
  const found = loadAddon();
  if (!found.ok || !found.addon.vision) return false;
  threads ??= defaultThreads();
  try {
    found.addon.vision(name, Float64Array.from(params), inputs, outputs, threads);
  } catch (error) {
    const { what, found: given, expected } = error as { what?: string; found?: number; expected?: number };
    if (what === undefined) throw error;
    throw new InferlabError("ARGUMENT", `${name}: ${what} is ${given}, expected ${expected}`, { cause: error });
  }
  return true;
}

/** A picture as kernels take it: offset, row stride, width, height, channels. */
export function geometry({ offset, rowStride, width, height, channels }: Pixels): readonly number[] {
  return [offset, rowStride, width, height, channels];
}

export function denseGeometry(width: number, height: number, channels: number): readonly number[] {
  return [0, width * channels, width, height, channels];
}
