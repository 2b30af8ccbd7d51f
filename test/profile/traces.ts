/** Traces made by hand, for tests that must not depend on how fast a machine is. */
import type { Peaks } from "../../src/profile/peaks.ts";
import type { Trace, TraceEvent } from "../../src/runtime/trace.ts";

/** A machine of round numbers: 100 GFLOP/s, 100 GB/s in a cache of 1 MiB, 10 GB/s beyond. */
export const machine: Peaks = {
  cpu: "test",
  isa: "plain",
  threads: 1,
  flopsPerSecond: 100e9,
  bandwidths: [
    { sizeBytes: 2 ** 20, bytesPerSecond: 100e9 },
    { sizeBytes: 2 ** 28, bytesPerSecond: 10e9 },
  ],
  measuredAt: "2026-01-01T00:00:00.000Z",
};

export type EventSketch = Partial<TraceEvent> & { readonly node: string; readonly us: number };

/** Events one after another, each `us` long. */
export function traceOf(sketches: readonly EventSketch[], more: Partial<Trace> = {}): Trace {
  let at = 0;
  const events = sketches.map(({ us, ...event }): TraceEvent => {
    const startUs = at;
    at += us;
    return {
      op: "Conv",
      kernel: "k",
      startUs,
      endUs: at,
      thread: 0,
      flops: 0,
      bytes: 0,
      outputs: [],
      ...event,
    };
  });
  return { engine: "native", graph: "g", threads: 1, wallUs: at, events, tensors: new Map(), ...more };
}
