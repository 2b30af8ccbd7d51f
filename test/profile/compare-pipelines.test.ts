import { expect, test } from "vitest";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { comparePipelines } from "../../src/profile/compare-pipelines.ts";
import "../../src/display/index.ts";
import { displaySymbol } from "../../src/base/display-hook.ts";

const calls: string[] = [];
const counting = (name: string) =>
  pipeline("count", { x: port<number>("number") }, (p, { x }) => {
    const count = (v: number): number => {
      calls.push(name);
      return v + 1;
    };
    const more = p.stage("add", count, [x]);
    const inner = pipeline("inner", { y: port<number>("number") }, (q, { y }) => ({
      z: q.stage("deep", (v) => -v, [y]),
    }));
    return { y: p.stage("turn", inner, [more]) };
  });

test("pipelines run in turn over all frames, and tell their stages apart", async () => {
  calls.length = 0;
  const frames = [{ x: 1 }, { x: 2 }, { x: 3 }];
  const found = await comparePipelines({ a: counting("a"), b: counting("b") }, frames, { rounds: 2, itemsPerFrame: 4 });
  // One round to warm up, and by turns the other one first.
  expect(calls.join("")).toBe("bbbaaa" + "aaabbb" + "bbbaaa");
  expect(found).toMatchObject({ pipeline: "count", numFrames: 3, rounds: 2 });
  for (const { frameMs, itemsPerSecond, stageMs } of found.rows) {
    expect([...stageMs.keys()]).toEqual(["add", "turn"]);
    expect(frameMs.count).toBe(2);
    expect(itemsPerSecond).toBeCloseTo(4000 / frameMs.median);
    const inStages = [...stageMs.values()].reduce((sum, { min }) => sum + min, 0);
    expect(inStages).toBeLessThanOrEqual(2 * frameMs.p95);
  }
  const shown = found[displaySymbol]() as Record<string, string>;
  expect(shown["text/plain"]).toMatch(
    /count · a beside b · 3 frames · 2 rounds[\s\S]*add [\s\S]*turn [\s\S]*throughput/,
  );
  expect(shown["text/html"]).toContain("<table>");
});

test("without time for more there is one round; nothing to compare is refused", async () => {
  const { rounds } = await comparePipelines({ a: counting("a") }, [{ x: 1 }], { rounds: 9, budgetMs: 0 });
  expect(rounds).toBe(1);
  await expect(comparePipelines({ a: counting("a") }, [])).rejects.toThrow(/1 pipelines and 0 frames/);
  await expect(comparePipelines({}, [{ x: 1 }])).rejects.toMatchObject({ code: "ARGUMENT" });
  await expect(comparePipelines({ a: counting("a") }, [{ x: 1 }], { rounds: 0 })).rejects.toThrow(/rounds is 0/);
});
