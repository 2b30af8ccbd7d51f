import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { type Pipeline, pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { Pool } from "../../src/pipeline/flow/pool.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { Interleaving, type InterleavingEvent } from "../../src/pipeline/flow/replay.ts";
import { random } from "./random.ts";

const number = port<number>("number");
const frames = (count: number) => Array.from({ length: count }, (_, x) => ({ x }));

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** Branches, replicas, state, batches, loops, and stages that take as long as they like. */
function busy(seed: number): Pipeline<{ x: number }, { y: number }> {
  const rng = random(seed);
  const wait = async (v: number) => {
    await sleep(rng.real(0, 4));
    return v;
  };
  const each = pipeline("each", { v: number }, (p, { v }) => ({ r: p.stage("w", wait, [v]) }));
  return pipeline("busy", { x: number }, (p, { x }) => {
    const a = p.stage("a", wait, [x], { replicas: 3 });
    const b = p.stage("b", wait, [x]);
    const list = p.stage("list", (l, r) => [l, r, l + r], [a, b]);
    const mapped = p.map("map", list, each, { concurrency: 2 });
    const sum = p.reduce("sum", mapped, (total: number, v) => total + v, p.constant(0));
    const many = p.stage(
      "many",
      async (list) => {
        await sleep(rng.real(0, 3));
        return list;
      },
      [sum],
      { batch: { max: 3, waitMs: 2 } },
    );
    const counted = p.stage("counted", (v, { state }) => v + (state as { n: number }).n++, [many], {
      state: () => ({ n: 0 }),
    });
    return { y: counted };
  });
}

describe("replay", () => {
  test("gives the same events in the same order, whatever the stages take now", async () => {
    const orders = new Set<string>();
    for (const seed of [1, 2, 3]) {
      const record = new Interleaving();
      const expected = await collect(busy(seed).stream(frames(8), { record, pool: new Pool(3) }));
      orders.add(JSON.stringify(record.events));
      for (const other of [10, 20]) {
        const again = new Interleaving();
        const options = { replay: Interleaving.fromJSON(JSON.stringify(record)), record: again };
        expect(await collect(busy(other).stream(frames(8), options))).toEqual(expected);
        expect(order(again)).toEqual(order(record));
      }
    }
    expect(orders.size, "runs that are not replayed differ").toBe(3);
  });

  /** Begins, starts and ends as the scheduler acted on them: ends are noted when they come, so they are left out. */
  const order = ({ events }: Interleaving): readonly InterleavingEvent[] =>
    events.filter((event) => event.kind === "start");

  test("traces show stages that start and end in the recorded order, on the recorded workers", async () => {
    const record = new Interleaving();
    await busy(4).run({ x: 1 }, { record, pool: new Pool(2) });
    const starts = record.events.flatMap((e) => (e.kind === "start" && e.worker >= 0 ? [[e.stage, e.worker]] : []));
    const { trace } = await busy(5).trace({ x: 1 }, { replay: record });
    const again = [...trace.events]
      .sort((a, b) => a.startUs - b.startUs)
      .filter(({ node }) => !["map", "sum"].includes(node));
    expect(again.map(({ node }) => node.split("/").pop())).toEqual(starts.map(([stage]) => stage));
    expect(again.map(({ thread }) => thread)).toEqual(starts.map(([, worker]) => worker));
  });

  test("repeats a race: who writes last", async () => {
    const race = (rng: ReturnType<typeof random>) => {
      const written: string[] = [];
      const write = (name: string) => async () => {
        await sleep(rng.real(0, 6));
        written.push(name);
        return written.length;
      };
      return pipeline("race", { x: number }, (p, { x }) => {
        const names = ["a", "b", "c", "d"];
        const places = names.map((name) => p.stage(name, write(name), [x]));
        // Acts on the order in which the scheduler saw the stages end.
        const after = places.map((place, i) => p.stage(`after ${names[i]}`, () => order.push(names[i]!), [place]));
        return { y: p.stage("all", (...all) => all.length, after as never) };
      });
    };
    let order: string[] = [];
    const record = new Interleaving();
    await race(random(7)).run({ x: 0 }, { record });
    const first = order;
    for (const seed of [8, 9, 10, 11]) {
      order = [];
      await race(random(seed)).run({ x: 0 }, { replay: record });
      expect(order).toEqual(first);
    }
  });

  test("keeps what a camera's overflow dropped, failures that were skipped, and a cancel", async () => {
    let given = -1;
    async function* camera() {
      for (let x = 0; x < 30; x++) {
        await sleep(1);
        given = x;
        yield { x };
      }
    }
    /** For as long as the camera takes for four more frames. */
    const aWhile = async (v: number) => {
      while (given < Math.min(29, v + 4)) await sleep(1);
    };
    const slow = (wait: (v: number) => Promise<unknown>) =>
      pipeline("slow", { x: number }, (p, { x }) => ({
        y: p.stage(
          "s",
          async (v) => {
            await wait(v);
            if (v % 5 === 3) throw new Error("bad frame");
            return v;
          },
          [x],
        ),
      }));
    const record = new Interleaving();
    const options = { overflow: "drop-oldest", onError: "skip", window: 2 } as const;
    const expected = await collect(slow(aWhile).stream(camera(), { ...options, record }));
    expect(expected.length).toBeLessThan(20);
    expect(await collect(slow(() => sleep(1)).stream(camera(), { ...options, replay: record }))).toEqual(expected);

    const cancelled = new Interleaving();
    const p = slow(() => sleep(4));
    await collect(
      p.stream(frames(3000), { record: cancelled, onError: "skip", signal: AbortSignal.timeout(30) }),
    ).catch((e) => e);
    expect(cancelled.events.at(-1)).toEqual({ kind: "cancel" });
    await expect(collect(p.stream(frames(3000), { replay: cancelled, onError: "skip" }))).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  test("says where a run parts from its recording, and does not hang", async () => {
    const build = (fails: boolean, rounds: number) =>
      pipeline("p", { x: number }, (p, { x }) => {
        const v = p.stage(
          "s",
          async (v) => {
            if (fails) throw new Error("now it fails");
            return v;
          },
          [x],
        );
        return { y: p.for("loop", p.constant(rounds), (n) => n + 1, v) };
      });
    const record = new Interleaving();
    await build(false, 2).run({ x: 1 }, { record });
    const parts = /the replay parts from the recording/;
    await expect(build(true, 2).run({ x: 1 }, { replay: record })).rejects.toThrow(parts);
    await expect(build(false, 3).run({ x: 1 }, { replay: record })).rejects.toThrow(parts);
    await expect(build(false, 1).run({ x: 1 }, { replay: record })).rejects.toThrow(parts);
    const stream = new Interleaving();
    await collect(build(false, 1).stream(frames(4), { record: stream }));
    await expect(collect(build(false, 1).stream(frames(2), { replay: stream }))).rejects.toThrow(parts);
    await expect(collect(build(true, 1).stream(frames(4), { replay: stream, onError: "skip" }))).rejects.toThrow(parts);
    // More frames than were recorded run freely behind the recorded ones.
    expect(await collect(build(false, 1).stream(frames(6), { replay: stream }))).toHaveLength(6);
  });

  test("refuses what is no recording, and a newer one", () => {
    expect(() => Interleaving.fromJSON("{")).toThrow(/no JSON/);
    expect(() => Interleaving.fromJSON({ events: [] })).toThrow(/no recording/);
    expect(() => Interleaving.fromJSON({ format: "inferlab.interleaving", version: 2, events: [] })).toThrow(
      /version 2/,
    );
  });
});
