/** Where the buffers of a program lie in its arena. */
import { type PlanBuffer, type PlannedMemory, planMemory } from "../plan/plan-memory.ts";
import { type LaneGroup, type LaneRange, laneRanges } from "./lanes.ts";
import type { EmittedInstruction, Storage } from "./lowering.ts";
import { rootOf } from "./parts.ts";

/** Longest search for a better plan of the arena while a model's user waits. */
const planMs = 40;
const alignment = 64;
const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * Offsets for the storages of the arena by when they are first and last touched. Nothing is known of when the lanes of a
 * group run: what only one lane touches lies in a block of that lane's, and blocks and all else that the group touches are
 * alive throughout the group.
 */
export function placeInArena(
  entries: readonly EmittedInstruction[],
  groups: readonly LaneGroup[],
  storages: readonly Storage[],
  nameOf: (storage: Storage) => string,
): PlannedMemory {
  for (const [index, { inputs, outputs }] of entries.entries()) {
    for (const ref of [...inputs, ...outputs]) {
      if (!ref) continue;
      const { storage } = rootOf(ref.storage);
      if (storage.first < 0) storage.first = index;
      storage.last = index;
    }
  }
  const used = storages.filter((storage) => storage.kind === "arena" && !storage.within && storage.first >= 0);
  const laneAt = laneRanges(groups);
  const blocks = new Map<LaneRange, Storage[]>();
  const shared: Storage[] = [];
  for (const storage of used) {
    const lane = laneAt.get(storage.first);
    if (!lane || lane !== laneAt.get(storage.last)) shared.push(storage);
    else if (blocks.has(lane)) blocks.get(lane)!.push(storage);
    else blocks.set(lane, [storage]);
  }
  const bufferOf = (storage: Storage): PlanBuffer => ({
    id: nameOf(storage),
    lower: laneAt.get(storage.first)?.group.begin ?? storage.first,
    upper: laneAt.get(storage.last)?.group.end ?? storage.last + 1,
    size: align(Math.max(1, storage.sizeBytes)),
  });
  const inner = [...blocks].map(([{ group }, own]) => {
    const buffers = own.map((each) => ({ ...bufferOf(each), lower: each.first, upper: each.last + 1 }));
    return { group, own, buffers, plan: planMemory(buffers, { timeoutMs: planMs / blocks.size }) };
  });
  const outer = shared.map(bufferOf);
  const whole = planMemory(
    [
      ...outer,
      ...inner.map(({ group, plan }) => ({ id: "", lower: group.begin, upper: group.end, size: plan.height })),
    ],
    { timeoutMs: planMs },
  );
  const offsets = whole.offsets.slice(0, shared.length);
  for (const [i, { plan }] of inner.entries())
    for (const offset of plan.offsets) offsets.push(whole.offsets[shared.length + i]! + offset);
  const placed = [...shared, ...inner.flatMap(({ own }) => own)];
  for (const [i, storage] of placed.entries()) storage.offset = offsets[i]!;
  return {
    buffers: [...outer, ...inner.flatMap(({ buffers }) => buffers)],
    plan: { ...whole, offsets, optimal: whole.optimal && inner.every(({ plan }) => plan.optimal) },
  };
}
