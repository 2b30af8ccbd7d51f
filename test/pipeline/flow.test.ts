import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { Pool } from "../../src/pipeline/flow/pool.ts";
import { type Port, port } from "../../src/pipeline/flow/port.ts";
import type { SessionLike } from "../../src/pipeline/flow/stage.ts";
import { library } from "../../src/pipeline/nodes/library.ts";

const number = port<number>("number");
const code = (expected: string) => expect.objectContaining({ code: expected });

describe("pipeline().run", () => {
  test("fans out and joins", async () => {
    const p = pipeline("diamond", { x: number }, (p, { x }) => {
      const a = p.stage("double", (v: number) => v * 2, [x]);
      const b = p.stage("square", async (v: number) => v * v, [x]);
      return { sum: p.stage("sum", (l, r) => l + r, [a, b]), a };
    });
    expect(await p.run({ x: 3 })).toEqual({ sum: 15, a: 6 });
    expect(await p.run({ x: 3 }, { mode: "sequential" })).toEqual({ sum: 15, a: 6 });
    expect(p.toString()).toBe(
      "pipeline diamond(x)\n  double = function(x)\n  square = function(x)\n  sum = function(double, square)\n  → sum = sum, a = double",
    );
  });

  test("types outputs, and refuses wrong connections to the compiler", async () => {
    const p = pipeline("typed", { x: number, name: port<string>("text", "net") }, (p, { x, name }) => {
      // @ts-expect-error a text is no number
      p.stage("wrong", (v: number) => v, [name]);
      return { text: p.stage("join", (v, n) => `${n} ${v.toFixed(1)}`, [x, name]) };
    });
    const { text } = await p.run({ x: 2 });
    expect(text.toUpperCase()).toBe("NET 2.0");
    // @ts-expect-error x is a number
    await expect(p.run({ x: "2" })).rejects.toThrow(/input "x" of pipeline "typed" is "2", expected a number/);
  });

  test("runs nodes with parameters, sessions, and pipelines in pipelines", async () => {
    const doubler: SessionLike = {
      name: "doubler",
      inputs: [{ name: "x" }],
      outputs: [{ name: "y" }],
      run: async ({ x }) => ({
        y: new Tensor(
          "float32",
          x!.shape,
          (x!.data as Float32Array).map((v) => v * 2),
        ),
      }),
    };
    const prepare = pipeline(
      "prepare",
      { image: port<Image>("image"), size: port<number>("number", 4) },
      (p, { image }) => {
        const small = p.stage("resize", library.resize, [image], { parameters: { width: 4, height: 4 } });
        return { x: p.stage("tensor", library.toTensor, [small], { parameters: { scale: 1 } }) };
      },
    );
    const whole = pipeline("whole", { image: port<Image>("image") }, (p, { image }) => {
      const x = p.stage("prepare", prepare, [image]);
      return { y: p.stage("net", doubler, [x]) };
    });
    const { y } = await whole.run({ image: new Image(8, 8, 1, new Uint8Array(64).fill(21)) });
    expect(y.shape).toEqual([1, 1, 4, 4]);
    expect(new Set(y.data as Float32Array)).toEqual(new Set([42]));
    expect(whole.plan.stages.map((stage) => stage.path)).toEqual(["prepare/resize", "prepare/tensor", "net"]);
  });

  test("gives a nested pipeline's outputs by name", async () => {
    const both = pipeline("both", { x: number }, (p, { x }) => ({
      up: p.stage("up", (v) => v + 1, [x]),
      down: p.stage("down", (v) => v - 1, [x]),
    }));
    const outer = pipeline("outer", { x: number }, (p, { x }) => {
      const ends = p.stage("both", both, [x]);
      return { product: p.stage("times", (a, b) => a * b, [p.field(ends, "up"), p.field(ends, "down")]) };
    });
    expect(await outer.run({ x: 5 })).toEqual({ product: 24 });
  });

  test("branches, loops, maps and reduces", async () => {
    const p = pipeline("control", { x: number, list: port<number[]>("numbers") }, (p, { x, list }) => {
      const even = p.stage("even", (v) => v % 2 === 0, [x]);
      const halved = p.if(
        "parity",
        even,
        (v: number) => v / 2,
        (v: number) => 3 * v + 1,
        [x],
      );
      const named = p.switch(
        "name",
        p.stage("key", (v) => (v > 3 ? "many" : String(v)), [x]),
        { "1": () => "one", default: (v: number) => `${v}!` },
        [x],
      );
      const grown = p.while("grow", { test: (v) => v < 100, body: async (v) => v * 3 }, x);
      const powers = p.for("power", p.constant(4), (v, round) => v * 2 + round, x);
      const squares = p.map("squares", list, async (v, i) => v * v + i, { concurrency: 2 });
      const total = p.reduce("total", squares, (sum: number, v) => sum + v, p.constant(0));
      return { halved, named, grown, powers, squares, total };
    });
    expect(await p.run({ x: 7, list: [1, 2, 3] })).toEqual({
      halved: 22,
      named: "7!",
      grown: 189,
      powers: 7 * 16 + 0 * 8 + 1 * 4 + 2 * 2 + 3,
      squares: [1, 5, 11],
      total: 17,
    });
    expect(await p.run({ x: 1, list: [] })).toMatchObject({ named: "one", squares: [], total: 0 });
  });

  test("keeps map results in order whatever each item takes, and no more than `concurrency` at once", async () => {
    let running = 0;
    let most = 0;
    const p = pipeline("map", { list: port<number[]>("numbers") }, (p, { list }) => ({
      out: p.map(
        "wait",
        list,
        async (v) => {
          most = Math.max(most, ++running);
          await sleep(v);
          running--;
          return v;
        },
        { concurrency: 3 },
      ),
    }));
    const list = [9, 1, 8, 2, 7, 3];
    expect(await p.run({ list }, { pool: new Pool(16) })).toEqual({ out: list });
    expect(most).toBe(3);
  });

  test("retries, gives up after a time, falls back", async () => {
    let attempts = 0;
    const flaky = pipeline("flaky", { x: number }, (p, { x }) => ({
      y: p.stage(
        "net",
        (v) => {
          if (++attempts < 3) throw new Error("busy");
          return v;
        },
        [x],
        { retry: 2, retryDelayMs: 1 },
      ),
    }));
    expect(await flaky.run({ x: 5 })).toEqual({ y: 5 });
    expect(attempts).toBe(3);
    const slow = (fallback: boolean) =>
      pipeline("slow", { x: number }, (p, { x }) => ({
        y: p.stage("hang", () => new Promise<number>(() => undefined), [x], {
          timeoutMs: 10,
          ...(fallback ? { fallback: (_: Error, v: number) => -v } : {}),
        }),
      }));
    await expect(slow(false).run({ x: 1 })).rejects.toThrow(/stage "hang" failed: it took longer than 10\.0 ms/);
    expect(await slow(true).run({ x: 1 })).toEqual({ y: -1 });
  });

  test("tells a stage that its time is up through its signal", async () => {
    let told = false;
    const p = pipeline("told", { x: number }, (p, { x }) => ({
      y: p.stage(
        "listen",
        async (_v: number, context) => {
          context.signal.addEventListener("abort", () => {
            told = true;
          });
          await sleep(1000, undefined, { signal: context.signal });
          return 0;
        },
        [x],
        { timeoutMs: 5, fallback: () => 1 },
      ),
    }));
    expect(await p.run({ x: 0 })).toEqual({ y: 1 });
    expect(told).toBe(true);
  });
});

describe("pipeline() with a wrong wiring", () => {
  test("names both ports whose kinds do not fit", () => {
    expect(() =>
      pipeline("wrong", { text: port<string>("text") }, (p, { text }) => ({
        out: p.stage("resize", library.resize, [text as unknown as Port<Image>]),
      })),
    ).toThrow(/"text" gives text, but input "image" of stage "resize" takes image/);
  });

  test("names stages named twice, strange ports, missing outputs and inputs", () => {
    expect(() =>
      pipeline("twice", { x: number }, (p, { x }) => {
        p.stage("a", (v) => v, [x]);
        return { y: p.stage("a", (v) => v, [x]) };
      }),
    ).toThrow(/two stages named "a"/);
    let foreign: Port<number> | undefined;
    pipeline("other", { x: number }, (_, { x }) => ({ y: (foreign = x) }));
    expect(() => pipeline("mine", {}, (p) => ({ y: p.stage("a", (v) => v, [foreign!]) }))).toThrow(
      /an input of stage "a" of pipeline "mine" belongs to pipeline "other"/,
    );
    expect(() => pipeline("none", { x: number }, () => ({}))).toThrow(/has no output/);
    expect(() => pipeline("", {}, () => ({}))).toThrow(/needs a name/);
    expect(() => pipeline("n", { x: number }, (p, { x }) => ({ y: p.stage("s", 7 as never, [x]) }))).toThrow(
      /stage "s" is no function/,
    );
    expect(() =>
      pipeline("r", { x: number }, (p, { x }) => ({ y: p.stage("s", (v) => v, [x], { replicas: 0 }) })),
    ).toThrow(/replicas of stage "s" is 0, expected at least 1/);
  });

  test("names inputs that are missing or unknown", async () => {
    const p = pipeline("in", { x: number }, (_, { x }) => ({ y: x }));
    await expect(p.run({})).rejects.toThrow(/input "x" of pipeline "in" is missing/);
    await expect(p.run({ x: 1, z: 2 } as never)).rejects.toThrow(/has no input "z"/);
    expect(await p.run({ x: 1 })).toEqual({ y: 1 });
  });
});

describe("a stage that misbehaves", () => {
  test("and throws is named, with its frame, keeping the cause and a typed error's code and hint", async () => {
    const cause = new RangeError("out of film");
    const p = pipeline("outer", { x: number }, (p, { x }) => {
      const inner = pipeline("inner", { v: number }, (q, { v }) => ({
        w: q.stage(
          "shoot",
          (n) => {
            if (n > 0) throw cause;
            return n;
          },
          [v],
        ),
      }));
      return { y: p.stage("camera", inner, [x]) };
    });
    const error = await p.run({ x: 1 }).catch((e) => e);
    expect(error).toMatchObject({
      code: "PIPELINE",
      message: 'stage "camera/shoot" failed: out of film',
      details: { pipeline: "outer", stage: "camera/shoot", frame: 0 },
    });
    expect(error.cause).toBe(cause);
    const bad = pipeline("bad", { image: port<Image>("image") }, (p, { image }) => ({
      out: p.stage("shrink", library.resize, [image]),
    }));
    await expect(bad.run({ image: new Image(1, 1, 1, new Uint8Array(1)) })).rejects.toMatchObject({ code: "ARGUMENT" });
  });

  test("and sits in a branch is named with the branch", async () => {
    const p = pipeline("p", { x: number }, (p, { x }) => ({
      y: p.map(
        "all",
        p.stage("list", (v) => [v, v], [x]),
        function explode() {
          throw new Error("boom");
        },
      ),
    }));
    await expect(p.run({ x: 1 })).rejects.toThrow(/stage "all\/each\/explode" failed: boom/);
  });

  test("and returns another kind than it says is named", async () => {
    const p = pipeline("p", { x: number }, (p, { x }) => ({
      y: p.stage("lies", () => "text" as unknown as number, [x], { output: "number" }),
    }));
    await expect(p.run({ x: 1 })).rejects.toThrow(/stage "lies" failed: its result is "text", expected a number/);
  });

  test("and changes its input is named by verify", async () => {
    const p = pipeline("p", { image: port<Image>("image") }, (p, { image }) => ({
      y: p.stage(
        "scribble",
        (picture) => {
          picture.data[0] = 99;
          return 1;
        },
        [image],
      ),
    }));
    const image = () => new Image(2, 2, 1, new Uint8Array(4));
    expect(await p.run({ image: image() })).toEqual({ y: 1 });
    await expect(p.run({ image: image() }, { verify: true })).rejects.toThrow(
      /stage "scribble" failed: it changed its input 1/,
    );
  });

  test("and never ends is left behind by cancel, at once, and its worker is free again", async () => {
    const pool = new Pool(1);
    const p = pipeline("p", { x: number }, (p, { x }) => ({
      y: p.stage("hang", () => new Promise(() => undefined), [x]),
    }));
    const controller = new AbortController();
    const run = p.run({ x: 1 }, { signal: controller.signal, pool });
    await expect.poll(() => pool.busy).toBe(1);
    controller.abort();
    await expect(run).rejects.toThrowError(code("CANCELLED"));
    expect(pool.busy).toBe(0);
    await expect(p.run({ x: 1 }, { signal: AbortSignal.abort(), pool })).rejects.toThrowError(code("CANCELLED"));
  });

  test("and loops for ever is stopped by maxRounds or by cancel", async () => {
    const p = (maxRounds: number) =>
      pipeline("p", { x: number }, (p, { x }) => ({
        y: p.while("spin", { test: () => true, body: (v) => v, maxRounds }, x),
      }));
    await expect(p(10).run({ x: 1 })).rejects.toThrow(/has not ended after 10 rounds/);
    const controller = new AbortController();
    const run = pipeline("q", { x: number }, (q, { x }) => ({
      y: q.while("spin", { test: () => true, body: async (v) => sleep(1, v) }, x),
    })).run({ x: 1 }, { signal: controller.signal });
    await sleep(5);
    controller.abort();
    await expect(run).rejects.toThrowError(code("CANCELLED"));
  });
});

describe("scheduling", () => {
  /** Records how many stages run at one time. */
  function busyCounter() {
    const counter = { running: 0, most: 0 };
    const work = async (v: number): Promise<number> => {
      counter.most = Math.max(counter.most, ++counter.running);
      await sleep(3);
      counter.running--;
      return v + 1;
    };
    return { counter, work };
  }

  const wide = (work: (v: number) => Promise<number>) =>
    pipeline("wide", { x: number }, (p, { x }) => {
      const ends = Array.from({ length: 6 }, (_, i) => p.stage(`s${i}`, work, [x]));
      return {
        sum: p.stage(
          "sum",
          (...all) => all.slice(0, 6).reduce((a: number, b) => a + (b as number), 0),
          ends as [Port<number>, ...Port<number>[]],
        ),
      };
    });

  test("sequential runs one stage at a time, task as many as the pool has workers", async () => {
    for (const [mode, workers, most] of [
      ["sequential", 4, 1],
      ["task", 4, 4],
      ["task", 2, 2],
      ["task", 16, 6],
    ] as const) {
      const { counter, work } = busyCounter();
      expect(await wide(work).run({ x: 1 }, { mode, pool: new Pool(workers) })).toEqual({ sum: 12 });
      expect(counter.most).toBe(most);
    }
  });

  test("pipelines that run at one time share a pool", async () => {
    const { counter, work } = busyCounter();
    const p = wide(work);
    const pool = new Pool(3);
    await Promise.all([1, 2, 3, 4].map((x) => p.run({ x }, { pool })));
    expect(counter.most).toBe(3);
    expect(pool.busy).toBe(0);
  });

  test("control stages hold no worker while they wait for their own: one worker is enough", async () => {
    const nested = pipeline("nested", { list: port<number[]>("numbers") }, (p, { list }) => ({
      out: p.map(
        "outer",
        list,
        pipeline("inner", { n: number }, (q, { n }) => ({
          m: q.map(
            "again",
            q.stage("list", (v) => [v, v], [n]),
            async (v) => v * 2,
          ),
        })),
      ),
    }));
    expect(await nested.run({ list: [1, 2] }, { pool: new Pool(1) })).toEqual({
      out: [
        [2, 2],
        [4, 4],
      ],
    });
  });

  test("a chain of 20,000 stages does not overflow the stack", async () => {
    const p = pipeline("long", { x: number }, (p, { x }) => {
      let v = x;
      for (let i = 0; i < 20_000; i++) v = p.stage(`s${i}`, (n) => n + 1, [v]);
      return { v };
    });
    expect(await p.run({ x: 0 })).toEqual({ v: 20_000 });
  });

  test("trace says who ran when on which worker", async () => {
    const { work } = busyCounter();
    const { trace } = await wide(work).trace({ x: 1 }, { pool: new Pool(2) });
    expect(trace.engine).toBe("pipeline");
    expect(trace.events).toHaveLength(7);
    expect(trace.events.map((e) => e.node)).toContain("sum");
    for (const event of trace.events) {
      expect(event.endUs).toBeGreaterThanOrEqual(event.startUs);
      expect([0, 1]).toContain(event.thread);
    }
  });
});

describe("pictures of a pipeline", () => {
  test("toDot draws stages, branches and what holds them", () => {
    const p = pipeline('say "hi"', { x: number }, (p, { x }) => ({
      y: p.if(
        "sign",
        p.stage("positive", (v) => v > 0, [x]),
        (v: number) => v,
        function negate(v: number) {
          return -v;
        },
        [x],
      ),
    }));
    const dot = p.toDot();
    expect(dot).toContain('digraph "say \\"hi\\""');
    expect(dot).toContain('"sign" [label="sign\\nif", shape=diamond]');
    expect(dot).toContain('subgraph "cluster_sign/false"');
    expect(dot).toContain('"sign/false/negate"');
    expect(dot).toContain('"sign" -> "out:y"');
  });
});
