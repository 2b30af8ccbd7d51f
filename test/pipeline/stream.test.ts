import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { statusText } from "../../src/pipeline/flow/describe.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { Pool } from "../../src/pipeline/flow/pool.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import type { StreamOptions, StreamStatus } from "../../src/pipeline/flow/stream.ts";
import { random } from "./random.ts";

const number = port<number>("number");
const modes = ["sequential", "task", "pipeline", "auto"] as const;
const inputs = (count: number) => Array.from({ length: count }, (_, x) => ({ x }));

/** A device that takes its time. */
const after = (ms: number) => async (v: number) => {
  await sleep(ms);
  return v;
};

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

/** Each stage takes a random time, so frames overtake each other where they may. */
function jittery(replicas = 1) {
  const rng = random(3);
  const wait = async (v: number) => {
    await sleep(rng.real(0, 4));
    return v;
  };
  return pipeline("jittery", { x: number }, (p, { x }) => {
    const a = p.stage("a", wait, [x], { replicas });
    const b = p.stage("b", wait, [a], { replicas });
    const c = p.stage("c", wait, [a], { replicas });
    return { y: p.stage("sum", (l, r) => l + r, [b, c]) };
  });
}

describe("stream", () => {
  test("gives results in the order of the frames in every mode, with replicas too", async () => {
    for (const mode of modes)
      for (const replicas of [1, 4]) {
        const out = await collect(jittery(replicas).stream(inputs(20), { mode, pool: new Pool(8) }));
        expect(out).toEqual(inputs(20).map(({ x }) => ({ y: 2 * x })));
      }
  });

  test("takes sync, async and empty sources", async () => {
    const p = pipeline("id", { x: number }, (p, { x }) => ({ y: p.stage("same", (v) => v, [x]) }));
    async function* slow() {
      for (const item of inputs(3)) {
        await sleep(1);
        yield item;
      }
    }
    for (const mode of modes) {
      expect(await collect(p.stream(inputs(3), { mode }))).toEqual([{ y: 0 }, { y: 1 }, { y: 2 }]);
      expect(await collect(p.stream(slow(), { mode }))).toEqual([{ y: 0 }, { y: 1 }, { y: 2 }]);
      expect(await collect(p.stream([], { mode }))).toEqual([]);
    }
  });

  test("overlaps frames in mode pipeline only", async () => {
    for (const [mode, overlap] of [
      ["task", 1],
      ["pipeline", 3],
    ] as const) {
      const busy = new Set<number>();
      let most = 0;
      const stage = async (v: number) => {
        busy.add(v);
        most = Math.max(most, busy.size);
        await sleep(4);
        busy.delete(v);
        return v;
      };
      const p = pipeline("three", { x: number }, (p, { x }) => ({
        y: p.stage("c", stage, [p.stage("b", stage, [p.stage("a", stage, [x])])]),
      }));
      await collect(p.stream(inputs(12), { mode, pool: new Pool(8) }));
      expect(most).toBe(overlap);
    }
  });

  test("reads the source no faster than results are taken", async () => {
    let read = 0;
    function* source() {
      for (;;) yield { x: read++ };
    }
    const p = pipeline("id", { x: number }, (p, { x }) => ({ y: p.stage("same", (v) => v, [x]) }));
    const stream = p.stream(source(), { window: 4 });
    for (let i = 0; i < 5; i++) await stream.next();
    await sleep(10);
    expect(read).toBeLessThanOrEqual(5 + 4);
    await stream.return();
  });

  test("drops the oldest waiting frames of a source that is too fast", async () => {
    let given = -1;
    async function* camera() {
      for (const item of inputs(40)) {
        await sleep(1);
        given = item.x;
        yield item;
      }
    }
    const statuses: StreamStatus[] = [];
    // Thinks of a frame for as long as the camera takes for four more.
    const think = async (v: number) => {
      while (given < Math.min(39, v + 4)) await sleep(1);
      return v;
    };
    const p = pipeline("slow", { x: number }, (p, { x }) => ({ y: p.stage("think", think, [x]) }));
    const out = await collect(
      p.stream(camera(), { overflow: "drop-oldest", window: 1, onStatus: (status) => statuses.push(status) }),
    );
    const seen = out.map(({ y }) => y);
    expect(seen.length).toBeLessThan(35);
    expect([...seen].sort((a, b) => a - b)).toEqual(seen);
    expect(seen[seen.length - 1]).toBe(39);
    const last = statuses[statuses.length - 1]!;
    expect(last.framesDropped + last.framesOut).toBe(40);
  });

  test("stages with state see every frame once and in order, whatever stands before them", async () => {
    const rng = random(5);
    const p = pipeline("count", { x: number }, (p, { x }) => {
      const jitter = p.stage("jitter", (v) => after(rng.real(0, 5))(v), [x], { replicas: 5 });
      return {
        seen: p.stage(
          "history",
          (v, context) => {
            const list = context.state as number[];
            list.push(v);
            return [...list];
          },
          [jitter],
          { state: () => [] },
        ),
      };
    });
    const out = await collect(p.stream(inputs(12), { pool: new Pool(8) }));
    out.forEach(({ seen }, i) => {
      expect(seen).toEqual(Array.from({ length: i + 1 }, (_, k) => k));
    });
    expect(await p.run({ x: 7 })).toEqual({ seen: [7] });
  });

  test("batches frames, full ones and the rest", async () => {
    const sizes: number[] = [];
    const p = pipeline("batched", { x: number }, (p, { x }) => ({
      y: p.stage(
        "net",
        (async (xs: readonly number[]) => {
          sizes.push(xs.length);
          await sleep(2);
          return xs.map((v) => v * 10);
        }) as unknown as (v: number) => Promise<number>,
        [x],
        { batch: { max: 4, waitMs: 20 } },
      ),
    }));
    expect(await collect(p.stream(inputs(10)))).toEqual(inputs(10).map(({ x }) => ({ y: x * 10 })));
    expect(Math.max(...sizes)).toBe(4);
    expect(sizes.reduce((a, b) => a + b)).toBe(10);
    expect(await p.run({ x: 2 })).toEqual({ y: 20 });
    const bad = pipeline("bad", { x: number }, (p, { x }) => ({
      y: p.stage("net", () => [1], [x], { batch: { max: 3 } }),
    }));
    await expect(collect(bad.stream(inputs(3)))).rejects.toThrow(
      /given a batch of 3 and returned a list of 1, expected a list of 3/,
    );
  });

  const failing = () =>
    pipeline("failing", { x: number }, (p, { x }) => {
      const a = p.stage(
        "odd",
        async (v) => {
          await sleep(v % 3);
          if (v % 5 === 3) throw new Error(`no ${v}`);
          return v;
        },
        [x],
        { replicas: 3 },
      );
      return { y: p.stage("sum", (v, c) => ((c.state as { n: number }).n += v), [a], { state: () => ({ n: 0 }) }) };
    });

  test("a failed frame stops, is left out, or is replaced; stages with state go on", async () => {
    const sums = (kept: number[]) => kept.map((_, i) => kept.slice(0, i + 1).reduce((a, b) => a + b, 0));
    const kept = [0, 1, 2, 4, 5, 6, 7, 9, 10, 11];
    const skipped = await collect(failing().stream(inputs(12), { onError: "skip" }));
    expect(skipped.map(({ y }) => y)).toEqual(sums(kept));
    const replaced = await collect(failing().stream(inputs(12), { onError: (_, frame) => ({ y: -frame }) }));
    expect(replaced.filter(({ y }) => y < 0)).toEqual([{ y: -3 }, { y: -8 }]);
    const seen: number[] = [];
    const error = await (async () => {
      for await (const { y } of failing().stream(inputs(12))) seen.push(y);
    })().catch((e) => e);
    expect(error).toMatchObject({ message: 'stage "odd" failed: no 3', details: { frame: 3, stage: "odd" } });
    expect(seen).toEqual(sums([0, 1, 2]));
  });

  test("a source that fails is named, after the frames it gave", async () => {
    function* source() {
      yield* inputs(2);
      throw new Error("cable pulled");
    }
    const p = pipeline("id", { x: number }, (_, { x }) => ({ y: x }));
    const seen: unknown[] = [];
    const run = (async () => {
      for await (const out of p.stream(source())) seen.push(out);
    })();
    await expect(run).rejects.toThrow(/the source of pipeline "id" failed: cable pulled/);
    expect(seen).toHaveLength(2);
  });

  test("can be cancelled while stages hang, while the source hangs, and by leaving the loop", async () => {
    const pool = new Pool(4);
    const hang = pipeline("hang", { x: number }, (p, { x }) => ({
      y: p.stage("hang", () => new Promise(() => undefined), [x]),
    }));
    const later = () => AbortSignal.timeout(10);
    await expect(collect(hang.stream(inputs(9), { signal: later(), pool }))).rejects.toMatchObject({
      code: "CANCELLED",
    });
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    await expect(collect(jittery().stream(silent, { signal: later(), pool }))).rejects.toMatchObject({
      code: "CANCELLED",
    });
    let closed = false;
    function* source() {
      try {
        yield* inputs(1000);
      } finally {
        closed = true;
      }
    }
    for await (const { y } of jittery().stream(source(), { pool })) if (y >= 4) break;
    expect(closed).toBe(true);
    expect(pool.busy).toBe(0);
    const spin = pipeline("spin", { x: number }, (p, { x }) => ({ y: p.stage("spin", (v) => v, [x]) }));
    function* forever() {
      for (;;) yield { x: 1 };
    }
    await expect(collect(spin.stream(forever(), { signal: later() }))).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("random cancels leave no worker taken and nothing running", async () => {
    const rng = random(11);
    const pool = new Pool(3);
    for (let i = 0; i < 100; i++) {
      const stream = jittery(rng.integer(1, 3)).stream(inputs(30), {
        pool,
        signal: AbortSignal.timeout(rng.integer(1, 6)),
      });
      await collect(stream).catch((error) => expect(error.code).toBe("CANCELLED"));
      expect(pool.busy).toBe(0);
    }
  });

  test("refuses strange sources, modes and windows", async () => {
    const p = jittery();
    const bad = (source: unknown, options: unknown) =>
      collect(p.stream(source as never, options as StreamOptions<never>));
    await expect(bad(7, {})).rejects.toThrow(/source is an iterable/);
    await expect(bad([], { mode: "fast" })).rejects.toThrow(/mode is "fast"/);
    await expect(bad([], { window: 0 })).rejects.toThrow(/window is 0/);
  });

  test("waiting costs no CPU", async () => {
    const p = pipeline("sleepy", { x: number }, (p, { x }) => ({
      y: p.stage("device", after(250), [x]),
    }));
    const before = process.cpuUsage();
    await collect(p.stream(inputs(2)));
    const { user, system } = process.cpuUsage(before);
    // Half a second of waiting; a loop that polled would use most of it.
    expect((user + system) / 1000).toBeLessThan(250);
  });

  test("ends with what a listener throws", async () => {
    const boom = () => {
      throw new Error("from a listener");
    };
    for (const options of [{ onStatus: boom }, { onMode: boom, mode: "auto" }] as const)
      await expect(collect(jittery().stream(inputs(9), options))).rejects.toThrow("from a listener");
  });

  test("auto runs no frame twice, and shows predicted beside real", async () => {
    const ran: number[] = [];
    const status: StreamStatus[] = [];
    const p = pipeline("p", { x: number }, (p, { x }) => {
      const a = p.stage(
        "a",
        async (v) => {
          ran.push(v);
          await sleep(3);
          return v;
        },
        [x],
      );
      return { y: p.stage("b", after(3), [a]) };
    });
    await collect(p.stream(inputs(20), { mode: "auto", onStatus: (s) => status.push(s) }));
    expect(ran).toEqual(inputs(20).map(({ x }) => x));
    const { choice } = status.at(-1)!;
    expect(choice!.realMs[choice!.mode]).toBeGreaterThan(0);
    expect(choice!.predictedMs[choice!.mode]).toBeGreaterThan(0);
    expect(statusText(status.at(-1)!)).toMatch(/auto → \w+: .* predicted, .* real a frame/);
  });

  test("auto measures and tries modes also where the source gives promises", async () => {
    async function* later() {
      yield* inputs(60);
    }
    const p = pipeline("one", { x: number }, (p, { x }) => ({ y: p.stage("a", after(1), [x]) }));
    const measured = new Set<string>();
    const onMode: StreamOptions["onMode"] = ({ realMs }) => {
      for (const mode of Object.keys(realMs)) measured.add(mode);
    };
    await collect(p.stream(later(), { mode: "auto", pool: new Pool(4), window: 8, onMode }));
    expect([...measured]).toEqual(["sequential", "pipeline"]);
  });

  test("auto says what it predicted and picks the mode that overlaps where stages wait", async () => {
    const p = pipeline("devices", { x: number }, (p, { x }) => {
      const c = ["a", "b", "c"].reduce((from, name) => p.stage(name, after(30), [from]), x);
      return { y: p.stage("last", (v) => v, [c]) };
    });
    let mode = "";
    const out = await collect(
      p.stream(inputs(12), {
        mode: "auto",
        pool: new Pool(8),
        onMode: (choice) => {
          mode = choice.mode;
          expect(choice.predictedMs.pipeline).toBeLessThan(choice.predictedMs.sequential);
          expect([...choice.stageMs.keys()]).toEqual(["a", "b", "c", "last"]);
        },
      }),
    );
    expect(mode).toBe("pipeline");
    expect(out).toHaveLength(12);
  });
});
