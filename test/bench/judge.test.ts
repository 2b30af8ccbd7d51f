/** The check of ratios in CI: it must not answer to noise, and must answer to a fall. */
import { describe, expect, test } from "vitest";
import { type Baseline, baselineFor, judge } from "../../bench/support/judge.ts";
import type { Machine } from "../../bench/support/machine.ts";
import { type Ratio, ratioOf, sampleOf, takeTurns } from "../../bench/support/timing.ts";
import { random } from "../pipeline/random.ts";

const machine: Machine = { cpu: "A 1/2/3", isa: "avx2", caches: "L1 32K", ort: "1.30.0" };
const names = Array.from({ length: 30 }, (_, i) => `case ${i}`);
const baseline: Baseline = {
  machine,
  ratios: Object.fromEntries(names.map((name, i) => [name, { ratio: 0.6 + i / 10, spread: 0.03 }])),
};

/** Ratios of engines of which a case in five is disturbed, up to half or up to twice its ratio; `factor` on top of it. */
function noisy(seed: number, factor: (name: string) => number) {
  const rng = random(seed);
  const asked: (readonly string[])[] = [];
  const measure = async (suspects: readonly string[]): Promise<Record<string, Ratio>> => {
    asked.push(suspects);
    return Object.fromEntries(
      suspects.map((name) => {
        const disturbed = rng.real(0, 1) < 0.2 ? 2 ** rng.real(-1, 1) : 1;
        const ratio = baseline.ratios[name]!.ratio * factor(name) * disturbed * rng.real(0.97, 1.03);
        return [name, { ratio, spread: 0.04 * ratio }];
      }),
    );
  };
  return { measure, asked };
}

describe("judge", () => {
  test("measures once where nothing fell", async () => {
    const asked: (readonly string[])[] = [];
    const verdict = await judge(baseline, "same", 4, async (suspects) => {
      asked.push(suspects);
      return baseline.ratios;
    });
    expect(asked).toEqual([names]);
    expect(verdict).toMatchObject({ ok: true, fallen: [], ratios: baseline.ratios });
    expect(verdict.meanShare).toBeCloseTo(1);
  });

  test("measures again only what seems to have fallen, and lets noise pass", async () => {
    let again = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { measure, asked } = noisy(seed, () => 1);
      const verdict = await judge(baseline, "same", 4, measure);
      again += asked.length - 1;
      // Four disturbed measurements of one case in a row are one in a thousand cases.
      expect(verdict.fallen.length, `seed ${seed}`).toBeLessThanOrEqual(1);
      for (const suspects of asked.slice(1)) expect(suspects.length).toBeLessThan(names.length);
    }
    expect(again).toBeGreaterThan(0);
  });

  test("finds one kernel at 1.5 times its time in noise, unless a disturbance hides it", async () => {
    let found = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { measure } = noisy(seed, (name) => (name === "case 7" ? 1 / 1.5 : 1));
      const { fallen, ok } = await judge(baseline, "same", 4, measure);
      if (fallen.includes("case 7")) {
        found++;
        expect(ok).toBe(false);
      }
    }
    expect(found).toBeGreaterThan(120);
  });

  test("finds it always where measurements are steady", async () => {
    const measure = async (suspects: readonly string[]): Promise<Record<string, Ratio>> =>
      Object.fromEntries(
        suspects.map((name) => {
          const { ratio, spread } = baseline.ratios[name]!;
          return [name, { ratio: name === "case 7" ? ratio / 1.5 : ratio, spread }];
        }),
      );
    expect((await judge(baseline, "same", 4, measure)).fallen).toEqual(["case 7"]);
  });

  test("takes no measurement for a proof whose spread reaches what is allowed", async () => {
    const asked: (readonly string[])[] = [];
    const measure = (proofs: number) => async (suspects: readonly string[], i: number) => {
      asked.push(suspects);
      return Object.fromEntries(
        suspects.map((name) => {
          const { ratio } = baseline.ratios[name]!;
          return [
            name,
            name === "case 7" ? { ratio: ratio / 1.5, spread: i < proofs ? 0.01 : 0.4 } : { ratio, spread: 0.4 },
          ];
        }),
      );
    };
    expect((await judge(baseline, "same", 4, measure(1))).ok).toBe(true);
    expect(asked).toEqual([names, ["case 7"], ["case 7"], ["case 7"]]);
    expect((await judge(baseline, "same", 4, measure(2))).fallen).toEqual(["case 7"]);
  });

  test("fails where all fell a little more than one may", async () => {
    const measure = async (suspects: readonly string[]): Promise<Record<string, Ratio>> =>
      Object.fromEntries(suspects.map((name) => [name, { ratio: 0.84 * baseline.ratios[name]!.ratio, spread: 0.2 }]));
    const verdict = await judge(baseline, "same", 4, measure);
    expect(verdict).toMatchObject({ ok: false, fallen: [] });
    expect(verdict.meanShare).toBeCloseTo(0.84);
  });

  test("on another machine counts only what lost its vectors, with other kernels nothing", async () => {
    const at =
      (share: number) =>
      async (suspects: readonly string[]): Promise<Record<string, Ratio>> =>
        Object.fromEntries(suspects.map((name) => [name, { ratio: share * baseline.ratios[name]!.ratio, spread: 0 }]));
    expect((await judge(baseline, "like", 4, at(0.65))).ok).toBe(true);
    expect((await judge(baseline, "like", 4, at(0.55))).ok).toBe(false);
    expect((await judge(baseline, "like", 4, at(0.2))).fallen).toEqual(names);
    expect((await judge(baseline, "other", 4, at(0.2))).ok).toBe(true);
  });
});

test("baselineFor takes this machine's, then one with the same instruction set, then any", () => {
  const wide: Baseline = { machine: { ...machine, cpu: "B 4/5/6", isa: "avx512" }, ratios: {} };
  const kept = [wide, baseline];
  expect(baselineFor(machine, kept)).toEqual({ baseline, likeness: "same" });
  for (const other of [{ cpu: "C" }, { caches: "L1 48K" }, { ort: "1.31.0" }])
    expect(baselineFor({ ...machine, ...other }, kept)).toEqual({ baseline, likeness: "like" });
  expect(baselineFor({ ...machine, isa: "neon" }, kept)).toEqual({ baseline: wide, likeness: "other" });
  expect(baselineFor(machine, [])).toBeUndefined();
});

test("takeTurns turns the order around, and ratioOf compares least busy turns", async () => {
  const order: string[] = [];
  const player = (name: string, times: readonly number[]) => async (round: number) => {
    order.push(name);
    return { wallMs: [times[round]!], cpuMs: [times[round]!] };
  };
  const [ours, theirs] = await takeTurns([player("a", [2, 1, 4]), player("b", [6, 3, 4])], 3);
  expect(order).toEqual(["a", "b", "b", "a", "a", "b"]);
  expect(ratioOf(ours!, theirs!)).toEqual({ ratio: 3, spread: 1 });
  expect(ours).toMatchObject({ medianMs: 2, bestMs: 1, runs: 3, turns: { cpu: [2, 1, 4], wall: [2, 1, 4] } });
  expect(sampleOf([{ wallMs: [5, 1, 3], cpuMs: [1, 1, 1] }])).toMatchObject({ medianMs: 3, spreadMs: 2, cpuMs: 1 });
});
