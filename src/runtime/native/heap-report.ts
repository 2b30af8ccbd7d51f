import type { HeapReport } from "../engine.ts";
import type { NativeHeap } from "./addon.ts";

/** What the addon says of a heap, as everybody reads it. */
export function heapReport({
  id,
  name,
  liveBytes,
  peakBytes,
  limitBytes,
  closed,
  byKind,
  tensors,
}: NativeHeap): HeapReport {
  const blocks = Object.values(byKind).reduce((sum, use) => sum + use.blocks, 0);
  return { id, name, liveBytes, peakBytes, limitBytes: limitBytes || undefined, blocks, byKind, closed, tensors };
}
