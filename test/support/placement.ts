/** What every plan of memory has to keep. */
import type { PlanBuffer } from "../../src/compiler/plan/plan-memory.ts";

/** Throws where two buffers that are alive at one time overlap, or one lies below 0. Time grows with the number alive. */
export function expectApart(buffers: readonly PlanBuffer[], offsets: readonly number[]): void {
  const events = buffers.flatMap((b, i) =>
    b.upper > b.lower && b.size > 0
      ? [
          { time: b.lower, i, begins: true },
          { time: b.upper, i, begins: false },
        ]
      : [],
  );
  events.sort((a, b) => a.time - b.time || Number(a.begins) - Number(b.begins));
  const alive = new Set<number>();
  for (const { i, begins } of events) {
    if (!begins) {
      alive.delete(i);
      continue;
    }
    if (!(offsets[i]! >= 0)) throw new Error(`buffer ${buffers[i]!.id} lies at ${offsets[i]}`);
    for (const j of alive) {
      const apart = offsets[i]! >= offsets[j]! + buffers[j]!.size || offsets[j]! >= offsets[i]! + buffers[i]!.size;
      if (!apart) throw new Error(`buffers ${buffers[i]!.id} and ${buffers[j]!.id} overlap`);
    }
    alive.add(i);
  }
}
