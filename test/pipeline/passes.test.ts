import { describe, expect, test } from "vitest";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { PipelineBuilder } from "../../src/pipeline/flow/builder.ts";
import { passLogText, pipelinePasses } from "../../src/pipeline/flow/passes/optimize.ts";
import { type Pipeline, pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { type Port, port } from "../../src/pipeline/flow/port.ts";
import { library } from "../../src/pipeline/nodes/library.ts";
import { random } from "./random.ts";

const number = port<number>("number");
const names = (p: Pipeline<never, never>): string[] => p.parts.stages.map(({ name }) => name);
const namesOf = (p: unknown): string[] => names(p as Pipeline<never, never>);

const pure = { pure: true } as const;
const add = (a: number, b: number) => a + b;
const twice = (a: number) => 2 * a;
const touchy = (a: number) => {
  if (Math.abs(a) % 5 === 3) throw new Error(`touchy about ${a}`);
  return a + 1;
};

function picture(seed: number, width: number, height: number, channels: 1 | 3 | 4): Image {
  const rng = random(seed);
  return new Image(
    width,
    height,
    channels,
    Uint8Array.from({ length: width * height * channels }, () => rng.integer(0, 255)),
  );
}

describe("dead", () => {
  test("drops pure stages nobody reads, and keeps those that may do something", async () => {
    const seen: number[] = [];
    const p = pipeline("p", { x: number }, (p, { x }) => {
      const a = p.stage("a", twice, [x], pure);
      p.stage("b", twice, [a], pure);
      p.stage("effect", (v) => seen.push(v), [x]);
      p.stage("node", library.polygonArea, [
        p.constant([
          [0, 0],
          [1, 0],
          [1, 1],
        ] as never),
      ]);
      return { y: p.stage("y", add, [x, p.constant(1)]) };
    });
    const { pipeline: q, log } = await p.optimize({ passes: ["dead"] });
    expect(namesOf(q)).toEqual(["effect", "y"]);
    expect(q.parts.constants).toHaveLength(1);
    expect(await q.run({ x: 4 })).toEqual({ y: 5 });
    expect(seen).toEqual([4]);
    expect([...log[0]!.changes].sort()).toEqual(["a", "b", "node"].map((name) => `"${name}" is not read by anything`));
    expect((await q.optimize()).log, "nothing is left to do").toEqual([]);
  });
});

describe("duplicates", () => {
  test("merges equal pure stages, however deep, and only those", async () => {
    const p = pipeline("p", { photo: port<Image>("image"), x: number }, (p, { photo, x }) => {
      const small = (name: string, width: number) => p.stage(name, library.resize, [photo], { parameters: { width } });
      const [a, b, c] = [small("a", 8), small("b", 8), small("c", 9)];
      const t = [a, b, c].map((image, i) => p.stage(`t${i}`, library.toTensor, [image]));
      const one = p.stage("one", add, [x, p.constant(1)], pure);
      const again = p.stage("again", add, [x, p.constant(1)], pure);
      const other = p.stage("other", add, [x, p.constant(1)]);
      return { t0: t[0]!, t1: t[1]!, t2: t[2]!, one, again, other };
    });
    const { pipeline: q, log } = await p.optimize({ passes: ["duplicates"] });
    expect(namesOf(q)).toEqual(["a", "c", "t0", "t2", "one", "other"]);
    expect(log[0]!.changes).toEqual([
      '"b" gives what "a" gives',
      '"t1" gives what "t0" gives',
      '"again" gives what "one" gives',
    ]);
    const photo = picture(1, 16, 12, 3);
    expect(await q.run({ photo, x: 3 })).toEqual(await p.run({ photo, x: 3 }));
  });

  test("tells 0 from -0, and parameters that JSON does not tell apart", async () => {
    const f = (x: number, options: { parameters: { k: number } }) => x + options.parameters.k;
    const p = pipeline("p", { x: number }, (p, { x }) => ({
      a: p.stage("a", f as never, [x] as never, { pure: true, parameters: { k: Number.NaN } }),
      b: p.stage("b", f as never, [x] as never, { pure: true, parameters: { k: null } }),
      zero: p.stage("z", twice, [p.constant(0)], pure),
      minus: p.stage("m", twice, [p.constant(-0)], pure),
    }));
    const { pipeline: q } = await p.optimize({ passes: ["duplicates"] });
    expect(namesOf(q)).toHaveLength(4);
    expect(Object.is((await q.run({ x: 1 })).minus, -0)).toBe(true);
  });
});

describe("hoist", () => {
  test("computes what every round repeats once, in front of the loop", async () => {
    let calls = 0;
    const costly = (k: number) => {
      calls++;
      return k * 100;
    };
    const each = pipeline("each", { item: number, index: number, k: number }, (p, { item, k }) => {
      const big = p.stage("big", costly, [k], pure);
      const bigger = p.stage("bigger", add, [big, p.constant(7)], pure);
      return { r: p.stage("sum", add, [item, bigger], pure) };
    });
    const p = pipeline("p", { list: port<number[]>("numbers"), k: number }, (p, { list, k }) => ({
      out: p.map("loop", list, each, {}, { shared: [k] }),
    }));
    const { pipeline: q, log } = await p.optimize({ passes: ["hoist"] });
    expect(log[0]!.changes).toEqual([
      '"big" of loop "loop" is the same in every round',
      '"bigger" of loop "loop" is the same in every round',
    ]);
    expect(namesOf(q)).toEqual(["loop.each.big", "loop.each.bigger", "loop"]);
    calls = 0;
    expect(await q.run({ list: [1, 2, 3, 4], k: 2 })).toEqual({ out: [208, 209, 210, 211] });
    expect(calls).toBe(1);
  });

  test("fails where and only where the loop would have: not in a loop of no rounds", async () => {
    const each = pipeline("each", { item: number, index: number, k: number }, (p, { item, k }) => ({
      r: p.stage("sum", add, [item, p.stage("touchy", touchy, [k], pure)]),
    }));
    const p = pipeline("p", { list: port<number[]>("numbers"), k: number }, (p, { list, k }) => ({
      out: p.map("loop", list, each, {}, { shared: [k] }),
    }));
    const { pipeline: q } = await p.optimize({ passes: ["hoist"] });
    expect(await q.run({ list: [], k: 3 })).toEqual({ out: [] });
    const [plain, hoisted] = await Promise.all([p, q].map((r) => r.run({ list: [1], k: 3 }).catch((e) => e)));
    expect(hoisted).toMatchObject({ message: plain.message, details: { stage: "loop/each/touchy" } });
  });
});

describe("fuse-preprocess", () => {
  test("is the nodes one after the other to the last bit, on 240 random chains, pictures and options", async () => {
    const rng = random(77);
    let fused = 0;
    for (let i = 0; i < 240; i++) {
      const channels = rng.pick([1, 3, 4] as const);
      const image = picture(i, rng.integer(1, 40), rng.integer(1, 40), channels);
      const p = pipeline("p", { photo: port<Image>("image") }, (p, { photo }) => {
        let at: Port<Image> = photo;
        const steps = rng.shuffle(["crop", "rgb", "resize", "crop2", "resize2"]).slice(0, rng.integer(1, 4));
        for (const step of steps) {
          if (step.startsWith("crop")) {
            const parameters = {
              x: rng.integer(-4, 8),
              y: rng.integer(-4, 8),
              width: rng.integer(9, 40),
              height: rng.integer(9, 40),
            };
            at = p.stage(step, library.crop, [at], { parameters });
          } else if (step === "rgb") at = p.stage("rgb", library.toRgb, [at]);
          else {
            const method = rng.pick(["nearest", "linear", "cubic", "area", "lanczos"] as const);
            const coordinates = rng.pick(["half-pixel", "align-corners"] as const);
            const parameters = { width: rng.integer(1, 50), height: rng.integer(1, 50), method, coordinates };
            at = p.stage(step, library.resize, [at], { parameters });
          }
        }
        const parameters = {
          mean: [rng.real(0, 1)],
          std: [rng.real(0.5, 1)],
          layout: rng.pick(["nchw", "nhwc"] as const),
          order: rng.pick(["rgb", "bgr"] as const),
          ...(rng.integer(0, 2) === 0 ? { width: 64, height: 64, padding: rng.real(-1, 1) } : {}),
        };
        return { t: p.stage("tensor", library.toTensor, [at], { parameters }) };
      });
      const { pipeline: q } = await p.optimize({ passes: ["fuse-preprocess"] });
      fused += q.parts.stages.length === 1 ? 1 : 0;
      const [a, b] = await Promise.all([p, q].map((r) => r.run({ photo: image }).catch((error) => error)));
      if (a instanceof Error)
        expect(b.message.replace(/^stage ".*?"/, ""), `chain ${i}`).toBe(a.message.replace(/^stage ".*?"/, ""));
      else {
        expect(b.t.shape, `chain ${i}`).toEqual(a.t.shape);
        expect(Buffer.from(b.t.data.buffer).equals(Buffer.from(a.t.data.buffer)), `chain ${i}`).toBe(true);
      }
    }
    expect(fused).toBe(240);
  });

  test("leaves pictures that others read, wrong options, and lists alone", async () => {
    const p = pipeline("p", { photo: port<Image>("image") }, (p, { photo }) => {
      const small = p.stage("small", library.resize, [photo], { parameters: { width: 8 } });
      const bad = p.stage("bad", library.resize, [photo], { parameters: { width: -1 } });
      return { t: p.stage("t", library.toTensor, [small]), small, b: p.stage("b", library.toTensor, [bad]) };
    });
    expect((await p.optimize()).log).toEqual([]);
  });
});

describe("batch-model", () => {
  /** A model of rows, its sizes typed as sessions type them. */
  function model(log: number[][], first: string | number = "n") {
    const type = { kind: "tensor", dtype: "float32", shape: [first, 2] };
    return {
      name: "rows",
      inputs: [{ name: "x", type }],
      outputs: [{ name: "y", type }],
      async run({ x }: Record<string, Tensor>) {
        log.push([...x!.shape]);
        return {
          y: new Tensor(
            "float32",
            x!.shape,
            (x!.data as Float32Array).map((v) => v * v),
          ),
        };
      },
    };
  }
  const tensorOf = (v: number) => new Tensor("float32", [1, 2], Float32Array.of(v, v + 1));

  test("runs a model once for branches that do not need each other, and in batches over a list", async () => {
    const log: number[][] = [];
    const net = model(log);
    const each = pipeline("each", { t: port<Tensor>("tensor") }, (p, { t }) => ({ y: p.stage("net", net, [t]) }));
    const p = pipeline(
      "p",
      { a: port<Tensor>("tensor"), b: port<Tensor>("tensor"), list: port<Tensor[]>("list") },
      (p, { a, b, list }) => {
        const left = p.stage("left", net, [a]);
        const right = p.stage("right", net, [b]);
        return { left, right, after: p.stage("after", net, [left]), all: p.map("all", list, each) };
      },
    );
    const inputs = { a: tensorOf(1), b: tensorOf(5), list: Array.from({ length: 20 }, (_, i) => tensorOf(i)) };
    const expected = await p.run(inputs);
    expect(log).toHaveLength(23);
    expect((await p.optimize()).log, "not among the exact passes").toEqual([]);
    const { pipeline: q, log: report } = await p.optimize({ passes: "all" });
    log.length = 0;
    expect(await q.run(inputs)).toEqual(expected);
    expect(log.sort((m, n) => m[0]! - n[0]!)).toEqual([
      [1, 2],
      [2, 2],
      [4, 2],
      [16, 2],
    ]);
    expect(report[0]!.class).toBe("rounding");
    await expect(q.run({ ...inputs, list: 3 as never })).rejects.toThrow(/list/);
  });

  test("leaves models of a fixed size alone", async () => {
    const net = model([], 1);
    const p = pipeline("p", { a: port<Tensor>("tensor"), b: port<Tensor>("tensor") }, (p, { a, b }) => ({
      left: p.stage("left", net, [a]),
      right: p.stage("right", net, [b]),
    }));
    expect((await p.optimize({ passes: "all" })).log).toEqual([]);
  });
});

describe("elide-copies", () => {
  test("moves what one worker gives and one other takes", async () => {
    const make = (n: number) => new Float32Array(n).fill(3);
    const sum = (list: Float32Array) => list.reduce((a, b) => a + b, 0);
    const p = pipeline("p", { n: number }, (p, { n }) => {
      const big = p.stage("make", make, [n], { worker: true });
      const shared = p.stage("make shared", make, [n], { worker: true });
      return {
        moved: p.stage("sum", sum, [big], { worker: true }),
        kept: p.stage("kept", sum, [shared], { worker: true }),
        here: p.stage("here", sum, [shared]),
      };
    });
    const { pipeline: q, log } = await p.optimize({ passes: ["elide-copies"] });
    expect(log[0]!.changes).toEqual(['what "make" gives moves to the worker of "sum"']);
    expect(await q.run({ n: 1000 }, { verify: true })).toEqual({ moved: 3000, kept: 3000, here: 3000 });
  });
});

describe("all passes", () => {
  /** Random pure stages over numbers, with duplicates, dead ends, constants in loops, failures, and effects in order. */
  function build(seed: number, seen: number[]): Pipeline<{ x: number }, Record<string, unknown>> {
    const rng = random(seed);
    const effect = (a: number) => {
      seen.push(a);
      return a;
    };
    const inner = (p: PipelineBuilder, first: readonly Port<number>[], size: number, depth: number): Port<number> => {
      const ports = [...first, p.constant(rng.integer(-3, 3))];
      const at = () => rng.pick(ports);
      for (let i = 0; i < size; i++) {
        const name = `s${i}`;
        const nested = (...inputs: string[]) =>
          pipeline(`inner ${i}`, Object.fromEntries(inputs.map((input) => [input, number])), (q, given) => ({
            r: inner(q, Object.values(given) as Port<number>[], 3, depth - 1),
          })) as never;
        const kind = rng.integer(0, depth > 0 ? 8 : 3);
        const shared = [at()] as const;
        if (kind === 0) ports.push(p.stage(name, add, [at(), at()], pure));
        else if (kind === 1) ports.push(p.stage(name, twice, [at()], pure));
        else if (kind === 2) ports.push(p.stage(name, touchy, [at()], rng.integer(0, 1) ? pure : {}));
        else if (kind === 3) ports.push(p.stage(name, effect, [at()]));
        else if (kind === 4) ports.push(p.stage(name, nested("v"), [at()]) as Port<number>);
        else if (kind === 5)
          ports.push(
            p.if(
              name,
              p.stage(`${name}?`, (v) => v > 0, [at()], pure),
              nested("v"),
              twice,
              [at()],
            ) as Port<number>,
          );
        else if (kind === 6)
          ports.push(p.for(name, p.constant(rng.integer(0, 3)), nested("v", "i", "k"), at(), { shared }));
        else if (kind === 7) {
          const list = p.stage(`${name} list`, (v) => (v > 2 ? [] : [v, v + 1]), [at()], pure);
          const mapped = p.map(`${name} map`, list, nested("v", "i", "k"), { concurrency: 1 }, { shared }) as Port<
            number[]
          >;
          ports.push(p.reduce(name, mapped, nested("t", "v", "i", "k"), at(), { shared }));
        } else {
          const test = (v: number) => Math.abs(v) > 0 && Math.abs(v) < 20;
          ports.push(p.while(name, { test, body: nested("v", "k"), maxRounds: 6 }, at(), { shared }));
        }
      }
      return at();
    };
    return pipeline(`random ${seed}`, { x: number }, (p, { x }) => ({
      a: inner(p, [x], rng.integer(3, 9), 2),
      b: inner2(p, x),
    }));
  }
  /** The same stage twice under other names. */
  const inner2 = (p: PipelineBuilder, x: Port<number>) =>
    p.stage("last", add, [p.stage("l", twice, [x], pure), p.stage("r", twice, [x], pure)], pure);

  test("keep what 60 random pipelines give, how they fail, and what they do on the way", async () => {
    const used = new Set<string>();
    let failed = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const passes = seed % 2 ? "all" : ([random(seed).pick(pipelinePasses).name] as const);
      for (const x of [1, -2, 3]) {
        const [seen, after]: number[][] = [[], []];
        const run = (p: Pipeline<{ x: number }, Record<string, unknown>>) =>
          p.run({ x }, { mode: "sequential" }).catch((error: Error) => error.message);
        const { pipeline: q, log } = await build(seed, after!).optimize({ passes });
        for (const { pass } of log) used.add(pass);
        const [expected, result] = [await run(build(seed, seen!)), await run(q)];
        if (typeof expected !== "string") {
          expect(result, `seed ${seed}`).toEqual(expected);
          // Stages that need not wait for each other may come in another order.
          expect([...after!].sort(), `effects of seed ${seed}`).toEqual([...seen!].sort());
          continue;
        }
        // A failure that nothing read may be gone with its stage; another one may come first.
        failed++;
        if (typeof result === "string") expect(result).toMatch(/touchy about|has not ended after/);
      }
    }
    expect([...used].sort()).toEqual(["dead", "duplicates", "hoist"]);
    expect(failed).toBeGreaterThan(10);
  });

  test("are measured on a sample, and told in the log", async () => {
    const p = pipeline("p", { photo: port<Image>("image") }, (p, { photo }) => {
      const tensor = (name: string) =>
        p.stage(name, library.toTensor, [
          p.stage(`${name} small`, library.resize, [photo], { parameters: { width: 32 } }),
        ]);
      return { a: tensor("a"), b: tensor("b") };
    });
    const { log } = await p.optimize({ sample: [{ photo: picture(3, 64, 64, 3) }] });
    expect(log.map(({ pass }) => pass)).toEqual(["duplicates", "fuse-preprocess"]);
    for (const { beforeMs, afterMs } of log) expect(Math.min(beforeMs!, afterMs!)).toBeGreaterThan(0);
    expect(passLogText(log)).toMatch(/^duplicates: .* → .*×\n {2}"b small" gives what "a small" gives\n/);
    expect(passLogText([])).toBe("no pass found anything to do");
    await expect(p.optimize({ passes: ["faster"] })).rejects.toMatchObject({ code: "ARGUMENT" });
    const { pipeline: q } = await p.optimize();
    expect(() => JSON.stringify(q)).toThrow(/made by pass fuse-preprocess/);
  });
});
