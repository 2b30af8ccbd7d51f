import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { pipelineFromJson } from "../../src/pipeline/flow/json-read.ts";
import { type Pipeline, pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { type Port, port } from "../../src/pipeline/flow/port.ts";
import { resource } from "../../src/pipeline/flow/resource.ts";
import type { SessionLike } from "../../src/pipeline/flow/stage.ts";
import type { Checkpoint } from "../../src/pipeline/flow/state.ts";
import { random } from "./random.ts";

const number = port<number>("number");
const frames = (count: number, first = 0) => Array.from({ length: count }, (_, i) => ({ x: first + i }));

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}

describe("resources", () => {
  /** A counter of what is open, and a pipeline that uses it inside and outside a loop. */
  function setUp(options: { failOpen?: number; failClose?: boolean } = {}) {
    const log: string[] = [];
    let failures = options.failOpen ?? 0;
    const store = resource("store", {
      open: async () => {
        await sleep(1);
        if (failures-- > 0) throw new Error("no connection");
        log.push("open");
        return { sum: 0 };
      },
      close: async (value) => {
        await sleep(1);
        log.push(`close ${value.sum}`);
        if (options.failClose) throw new Error("stuck");
      },
    });
    const inner = pipeline("inner", { v: number, i: number }, (p, { v }) => ({
      r: p.stage(
        "add",
        (s, x) => {
          s.sum += x;
          return x;
        },
        [p.use(store), v],
      ),
    }));
    const p = pipeline("outer", { x: number }, (p, { x }) => {
      const list = p.stage("list", (v) => [v, v], [x]);
      const both = p.map("each", list, inner);
      return { y: p.stage("read", (s, _) => s.sum, [p.use(store), both]) };
    });
    return { log, p, store };
  }

  test("are opened once a run, stream or batch, and closed at its end", async () => {
    const { log, p } = setUp();
    expect(await p.run({ x: 3 })).toEqual({ y: 6 });
    expect(log.splice(0)).toEqual(["open", "close 6"]);
    expect(await collect(p.stream(frames(3), { mode: "sequential" }))).toEqual([{ y: 0 }, { y: 2 }, { y: 6 }]);
    expect(log.splice(0)).toEqual(["open", "close 6"]);
    const records = await collect(p.batch([1, 2, 3], { key: String, inputs: (x) => ({ x }) }));
    expect(records.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(log.splice(0)).toEqual(["open", "close 12"]);
  });

  test("may change without verify calling it a change of an input", async () => {
    const { p } = setUp();
    expect(await p.run({ x: 3 }, { verify: true })).toEqual({ y: 6 });
  });

  test("are closed where the run fails, is cancelled or left", async () => {
    const { log, store } = setUp();
    const controller = new AbortController();
    const p = pipeline("p", { x: number }, (p, { x }) => ({
      y: p.stage(
        "fail",
        async (_, v, { signal }) => {
          if (v === 1) throw new Error("one");
          if (v === 2) {
            setImmediate(() => controller.abort());
            await sleep(600_000, undefined, { signal });
          }
          return v;
        },
        [p.use(store), x],
      ),
    }));
    await expect(p.run({ x: 1 })).rejects.toThrow(/one/);
    await expect(p.run({ x: 2 }, { signal: controller.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    for await (const _ of p.stream(frames(3), { mode: "sequential" })) break;
    await expect.poll(() => log, { timeout: 60_000 }).toEqual([..."123"].flatMap(() => ["open", "close 0"]));
  });

  test("that do not open fail the stage and are tried again; that do not close fail the run", async () => {
    const { p, log } = setUp({ failOpen: 1 });
    await expect(p.run({ x: 1 })).rejects.toThrow(/"store" failed: no connection/);
    expect(await p.run({ x: 1 })).toEqual({ y: 2 });
    expect(log).toEqual(["open", "close 2"]);
    await expect(setUp({ failClose: true }).p.run({ x: 1 })).rejects.toThrow(
      'resource "store" could not be closed: stuck',
    );
  });

  test("stand in JSON and code under their names", async () => {
    const { p, store } = setUp();
    const named = pipeline("named", { x: number }, (q, { x }) => ({ y: q.stage("outer", p, [x]), s: q.use(store) }));
    expect(() => JSON.stringify(named)).toThrow(/function without a name/);
    const add = (s: { sum: number }, v: number) => s.sum + v;
    const plain = pipeline("plain", { x: number }, (q, { x }) => ({ y: q.stage("add", add, [q.use(store), x]) }));
    const text = JSON.stringify(plain);
    const again = pipelineFromJson(text, { functions: { add }, resources: { store } });
    expect(JSON.stringify(again)).toBe(text);
    expect(await again.run({ x: 4 })).toEqual({ y: 4 });
    expect(() => pipelineFromJson(text, { functions: { add } })).toThrow(/resource "store", which is not known/);
    expect(plain.toTypeScript()).toContain("p.use(store)");
  });
});

describe("early exit", () => {
  const ran: number[] = [];
  const isSmall = (x: number) => x < 10;
  const work = async (x: number) => {
    await sleep(2);
    ran.push(x);
    return x * 2;
  };
  const build = () =>
    pipeline("p", { x: number }, (p, { x }) => {
      const small = p.stage("small", isSmall, [x]);
      p.exit("too small", small, { y: p.constant(-1) });
      return { y: p.stage("work", work, [p.stage("more", work, [x])]) };
    });

  test("gives its outputs and runs nothing further", async () => {
    ran.length = 0;
    expect(await build().run({ x: 3 }, { mode: "sequential" })).toEqual({ y: -1 });
    await sleep(10);
    expect(ran).toEqual([]);
    expect(await build().run({ x: 20 })).toEqual({ y: 80 });
  });

  test("ends one frame of a stream, in order, in every mode, past stages with state", async () => {
    const p = pipeline("p", { x: number }, (p, { x }) => {
      p.exit(
        "odd",
        p.stage("is odd", (v) => v % 2 === 1, [x]),
        { y: p.constant(-1) },
      );
      const slow = p.stage("slow", work, [x]);
      const count = p.stage("count", (_, { state }) => ++(state as { n: number }).n, [slow], {
        state: () => ({ n: 0 }),
      });
      return { y: count };
    });
    for (const mode of ["sequential", "task", "pipeline", "auto"] as const)
      expect(await collect(p.stream(frames(6), { mode }))).toEqual([1, -1, 2, -1, 3, -1].map((y) => ({ y })));
  });

  test("in a pipeline inside another ends the inner one only", async () => {
    const outer = pipeline("outer", { x: number }, (p, { x }) => ({
      z: p.stage("plus", (v) => (v as number) + 1, [p.stage("inner", build(), [x])]),
    }));
    expect(await outer.run({ x: 1 })).toEqual({ z: 0 });
    expect(await outer.run({ x: 10 })).toEqual({ z: 41 });
  });

  test("comes back from JSON and code, and is checked", async () => {
    const text = JSON.stringify(build());
    const again = pipelineFromJson(text, { functions: { isSmall, work } });
    expect(JSON.stringify(again)).toBe(text);
    expect(await again.run({ x: 3 })).toEqual({ y: -1 });
    expect(again.toTypeScript()).toContain('p.exit("too small", small, { "y": constant0 })');
    expect(() =>
      pipeline("p", { x: number }, (p, { x }) => {
        p.exit("e", p.constant(true), { z: x });
        return { y: x };
      }),
    ).toThrow('exit "e" of pipeline "p" gives z, expected its outputs y');
    const odd = pipeline("p", { x: number }, (p, { x }) => {
      p.exit("e", x as never, { y: x });
      return { y: p.stage("s", (v) => v, [x]) };
    });
    await expect(odd.run({ x: 1 })).rejects.toThrow('stage "e" failed: the condition is 1, expected true or false');
  });
});

describe("shared values of loops", () => {
  test("come behind the loop's own, in every kind of loop", async () => {
    const p = pipeline("p", { x: number, k: number }, (p, { x, k }) => {
      const list = p.stage("list", (v) => [v, v + 1], [x]);
      const shared = [k] as const;
      return {
        map: p.map("map", list, (item, index, factor) => item * factor + index, {}, { shared }),
        reduce: p.reduce("reduce", list, (sum: number, item, _, factor) => sum + item * factor, x, { shared }),
        for: p.for("for", p.constant(3), (v, round, factor) => v * factor + round, x, { shared }),
        while: p.while("while", { test: (v, limit) => v < 20 * limit, body: (v, factor) => v * factor + 1 }, x, {
          shared,
        }),
      };
    });
    const expected = { map: [4, 7], reduce: 2 + 10, for: ((2 * 2 + 0) * 2 + 1) * 2 + 2, while: 47 };
    expect(await p.run({ x: 2, k: 2 })).toEqual(expected);
  });
});

describe("sessions with batch", () => {
  test("see frames of one shape together, and give each its own rows", async () => {
    const seen: number[][] = [];
    const session: SessionLike = {
      name: "double",
      inputs: [{ name: "x" }],
      outputs: [{ name: "y" }],
      async run({ x }) {
        await sleep(1);
        seen.push([...x!.shape]);
        return {
          y: new Tensor(
            "float32",
            x!.shape,
            (x!.data as Float32Array).map((v) => 2 * v),
          ),
        };
      },
    };
    const p = pipeline("p", { t: port<Tensor>("tensor") }, (p, { t }) => ({
      y: p.stage("net", session, [t], { batch: { max: 4 } }),
    }));
    const tensors = [2, 2, 3, 2, 2, 2].map((width, i) => ({
      t: new Tensor("float32", [1, width], new Float32Array(width).fill(i)),
    }));
    const out = await collect(p.stream(tensors));
    expect(out.map(({ y }) => [...y.shape, ...(y.data as Float32Array)])).toEqual(
      [2, 2, 3, 2, 2, 2].map((width, i) => [1, width, ...new Array(width).fill(2 * i)]),
    );
    expect(seen.length).toBeLessThan(6);
    expect(seen.some(([rows]) => rows! > 1)).toBe(true);
  });
});

describe("checkpoints", () => {
  interface Sum {
    total: number;
  }
  /** Two stages with state, the second slower, so that they are never at the same frame. */
  function build(rng = random(5)): Pipeline<{ x: number }, { y: number; n: number }> {
    return pipeline("sums", { x: number }, (p, { x }) => {
      const total = p.stage(
        "sum",
        async (v, { state }) => {
          await sleep(rng.real(0, 2));
          const s = state as Sum;
          s.total += v;
          return s.total;
        },
        [x],
        { state: () => ({ total: 0 }) },
      ) as Port<number>;
      const n = p.stage(
        "count",
        async (_, { state }) => {
          await sleep(rng.real(0, 4));
          const counter = state as { value: number; next(): number };
          return counter.next();
        },
        [total],
        {
          state: {
            create: () => makeCounter(0),
            save: (state: { value: number }) => state.value,
            load: (saved: number) => makeCounter(saved),
          },
        },
      ) as Port<number>;
      return { y: total, n };
    });
  }
  const makeCounter = (value: number) => ({
    value,
    next() {
      return ++this.value;
    },
  });

  test("hold the states between two frames, though stages stand at different ones", async () => {
    const made: Checkpoint[] = [];
    const taken: number[] = [];
    let out = 0;
    const all = [];
    const stream = build().stream(frames(20), {
      checkpointEvery: 6,
      onCheckpoint: (checkpoint) => {
        made.push(checkpoint);
        taken.push(out);
      },
    });
    for await (const result of stream) {
      all.push(result);
      out++;
    }
    expect(made.map(({ frame }) => frame)).toEqual([6, 12, 18, 20]);
    expect(taken, "results before the checkpoint had been taken").toEqual([6, 12, 18, 20]);
    for (const { frame, state } of made)
      expect(state).toEqual({ sum: { total: (frame * (frame - 1)) / 2 }, count: frame });
    // Through JSON and on, from each of them.
    for (const checkpoint of made.slice(0, 3)) {
      const restore = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint;
      const rest = await collect(build().stream(frames(20 - restore.frame, restore.frame), { restore }));
      expect(rest).toEqual(all.slice(restore.frame));
    }
  });

  test("count frames that failed or left early, and exist without state", async () => {
    const made: Checkpoint[] = [];
    const p = pipeline("p", { x: number }, (p, { x }) => {
      const ok = p.stage(
        "odd fails",
        (v) => {
          if (v % 2) throw new Error("odd");
          return v;
        },
        [x],
      );
      return { y: p.stage("n", (_, { state }) => ++(state as { n: number }).n, [ok], { state: () => ({ n: 0 }) }) };
    });
    const options = {
      onCheckpoint: (c: Checkpoint) => void made.push(c),
      checkpointEvery: 4,
      onError: "skip",
    } as const;
    expect(await collect(p.stream(frames(8), options))).toEqual([1, 2, 3, 4].map((y) => ({ y })));
    expect(made).toEqual([
      { pipeline: "p", frame: 4, state: { n: { n: 2 } } },
      { pipeline: "p", frame: 8, state: { n: { n: 4 } } },
    ]);
    const plain = pipeline("plain", { x: number }, (p, { x }) => ({ y: p.stage("s", (v) => v, [x]) }));
    made.length = 0;
    await collect(plain.stream(frames(5), { ...options, onError: "stop" }));
    expect(made.map(({ frame }) => frame)).toEqual([4, 5]);
  });

  test("that cannot be kept or do not fit say so", async () => {
    const p = pipeline("p", { x: number }, (p, { x }) => ({
      y: p.stage("s", (v) => v, [x], { state: () => ({ f: () => 1 }) }),
    }));
    await expect(
      collect(p.stream(frames(5), { onCheckpoint: () => undefined, checkpointEvery: 2 })),
    ).rejects.toMatchObject({ code: "PIPELINE", message: expect.stringMatching(/state of stage "s" cannot be kept/) });
    const restore = { pipeline: "p", frame: 2, state: {} };
    await expect(collect(p.stream(frames(5), { restore }))).rejects.toThrow(
      'the checkpoint holds no state of stage "s"',
    );
    await expect(collect(build().stream(frames(5), { restore }))).rejects.toThrow(/checkpoint is of pipeline "p"/);
    await expect(collect(p.stream(frames(5), { checkpointEvery: 0 }))).rejects.toThrow(/checkpointEvery is 0/);
  });
});

test("stages left behind by a failure are told through their signal", async () => {
  let told: unknown;
  const p = pipeline("p", { x: number }, (p, { x }) => ({
    a: p.stage("fails", async () => {
      await sleep(5);
      throw new Error("no");
    }, [x]),
    b: p.stage(
      "waits",
      (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            told = signal.reason;
            resolve(0);
          });
        }),
      [x],
    ),
  }));
  await expect(p.run({ x: 1 })).rejects.toThrow(/"fails" failed/);
  expect(told).toMatchObject({ code: "PIPELINE" });
});
