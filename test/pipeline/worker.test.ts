import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { pipelineFromJson } from "../../src/pipeline/flow/json-read.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { numIdleThreads } from "../../src/pipeline/flow/worker.ts";
import { repositoryRoot } from "../support/shared.ts";

const number = port<number>("number");
const moduleUrl = new URL("./fixtures/worker.mjs", import.meta.url);
/** Typed stand-in: the module's function of this name runs. */
const where = (x: number): { x: number; threadId: number; calls: number } => ({ x, threadId: 0, calls: 0 });

/** Blocks its thread, which must be a worker's: until two do so at one time and another thread has counted to five. */
const block = (shared: Int32Array): number => {
  Atomics.add(shared, 0, 1);
  while (Atomics.load(shared, 0) < 2 || Atomics.load(shared, 1) < 5);
  return 200;
};
const counters = port<Int32Array>("any");

describe("a stage in a worker", () => {
  test("leaves this thread free: two that block run at one time, and timers go on", async () => {
    const p = pipeline("two", { shared: counters }, (p, { shared }) => ({
      a: p.stage("a", block, [shared], { worker: true }),
      b: p.stage("b", (v) => v * 2, [p.stage("inner", block, [shared], { worker: true })]),
    }));
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const timer = setInterval(() => Atomics.add(shared, 1, 1), 1);
    const { trace, outputs } = await p.trace({ shared });
    clearInterval(timer);
    expect(outputs).toEqual({ a: 200, b: 400 });
    const [a, inner] = ["a", "inner"].map((name) => trace.events.find(({ node }) => node === name)!);
    expect(a!.startUs).toBeLessThan(inner!.endUs);
    expect(inner!.startUs).toBeLessThan(a!.endUs);
  });

  test("gets and gives tensors, pictures, lists, maps and shared memory", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    const values = {
      tensor: new Tensor("float32", [2, 2], Float32Array.of(1, 2, 3, 4)),
      strings: new Tensor("string", [1], ["a"]),
      image: new Image(2, 1, 1, Uint8Array.of(5, 6)).annotate({ labels: [{ x: 0, y: 0, text: "t" }] }),
      list: [1, "two", null, { three: 3n }],
      map: new Map([["k", new Date(7)]]),
      shared,
    };
    const write = (all: typeof values): typeof values => {
      all.shared[1] = 42;
      return all;
    };
    const p = pipeline("echo", { all: port<typeof values>("object") }, (p, { all }) => ({
      back: p.stage("write", write, [all], { worker: true }),
    }));
    const { back } = await p.run({ all: values });
    expect(back).toEqual(values);
    expect(back.tensor).toBeInstanceOf(Tensor);
    expect(back.image).toBeInstanceOf(Image);
    expect(values.tensor.data.length, "what went in is still ours").toBe(4);
    expect(shared[1], "shared memory is one memory").toBe(42);
  });

  test("runs a function of a module, in a thread that stays for the next call", async () => {
    const build = (worker: URL | string) =>
      pipeline("module", { x: number }, (p, { x }) => ({ at: p.stage("where", where, [x], { worker }) }));
    const first = (await build(moduleUrl).run({ x: 3 })).at;
    const second = (await build(moduleUrl.href).run({ x: 4 })).at;
    expect(first).toMatchObject({ x: 3, calls: 1 });
    expect(second).toEqual({ x: 4, calls: 2, threadId: first.threadId });
    expect(first.threadId).toBeGreaterThan(0);
    expect(numIdleThreads()).toBeGreaterThan(0);
  });

  test("comes back from JSON and from its code", async () => {
    const p = pipeline("module", { x: number }, (p, { x }) => ({
      at: p.stage("where", where, [x], { worker: moduleUrl }),
    }));
    const again = pipelineFromJson(JSON.stringify(p), { functions: { where } });
    expect(JSON.stringify(again)).toBe(JSON.stringify(p));
    expect((await again.run({ x: 1 }))["at"]).toMatchObject({ x: 1 });
    expect(p.toTypeScript()).toContain(`worker: ${JSON.stringify(moduleUrl.href)}`);
  });

  test("fails with the error of its thread: message, type and stack", async () => {
    const boom = (x: number): number => {
      throw new RangeError(`no ${x}`);
    };
    const p = pipeline("bad", { x: number }, (p, { x }) => ({ y: p.stage("boom", boom, [x], { worker: true }) }));
    const error = await p.run({ x: 5 }).catch((e) => e);
    expect(error).toMatchObject({ code: "PIPELINE", message: 'stage "boom" failed: no 5' });
    expect(error.cause).toMatchObject({ name: "RangeError", message: "no 5" });
    expect(error.cause.stack).toMatch(/worker-function:\d+/);
  });

  test("says what is wrong with a function that needs its surroundings, a native one, values that cannot travel", async () => {
    const run = (work: (x: number) => unknown, options = {}) =>
      pipeline("p", { x: number }, (p, { x }) => ({ y: p.stage("s", work, [x], { worker: true, ...options }) })).run({
        x: 1,
      });
    const outside = 7;
    await expect(run((x) => x + outside)).rejects.toMatchObject({
      code: "PIPELINE",
      message: expect.stringMatching(/outside is not defined/),
      hint: expect.stringMatching(/sees its inputs/),
    });
    await expect(async () => run(Math.sqrt)).rejects.toMatchObject({ code: "ARGUMENT" });
    await expect(run(() => () => 1)).rejects.toThrow(/could not be cloned/);
    await expect(run(where, { worker: "data:text/javascript,export const other = 1" })).rejects.toThrow(
      /exports no function "where"/,
    );
    await expect(async () => run((x) => x, { state: () => 1 })).rejects.toMatchObject({ code: "ARGUMENT" });
    const p = pipeline("p", { f: port<() => number>() }, (p, { f }) => ({
      y: p.stage("s", (g) => typeof g, [f], { worker: true }),
    }));
    await expect(p.run({ f: () => 1 })).rejects.toThrow(/cannot be sent to its worker/);
    // biome-ignore lint/suspicious/noExplicitAny: process is not in the types of the function's text
    await expect(run(() => (globalThis as any).process.exit(3))).rejects.toThrow(/ended with code 3/);
  });

  test("is ended by cancel and by its time limit, though it never comes back", async () => {
    const forever = (shared: Int32Array): number => {
      for (;;) Atomics.add(shared, 0, 1);
    };
    const p = pipeline("hang", { shared: counters }, (p, { shared }) => ({
      y: p.stage("forever", forever, [shared], { worker: true }),
    }));
    const rounds = () => new Int32Array(new SharedArrayBuffer(4));
    const begun = rounds();
    const controller = new AbortController();
    const run = p.run({ shared: begun }, { signal: controller.signal }).catch((e) => e);
    await expect.poll(() => begun[0], { timeout: 60_000 }).toBeGreaterThan(0);
    controller.abort();
    expect(await run).toMatchObject({ code: "CANCELLED" });
    const late = pipeline("late", { shared: counters }, (p, { shared }) => ({
      y: p.stage("forever", forever, [shared], { worker: true, timeoutMs: 60, fallback: () => -1 }),
    }));
    const stopped = rounds();
    expect(await late.run({ shared: stopped })).toEqual({ y: -1 });
    // Ended threads count no further.
    const isStill = async (): Promise<boolean> => {
      const before = [begun[0], stopped[0]];
      await sleep(100);
      return begun[0] === before[0] && stopped[0] === before[1];
    };
    await expect.poll(isStill, { timeout: 60_000 }).toBe(true);
  });

  test("keeps no process alive, waiting or at work", () => {
    const entry = pathToFileURL(`${repositoryRoot}/dist/src/api/index.js`).href;
    const code = `
      import { pipeline, port } from ${JSON.stringify(entry)};
      const twice = (x) => 2 * x;
      const p = pipeline("p", { x: port("number") }, (p, { x }) => ({ y: p.stage("s", twice, [x], { worker: true }) }));
      console.log((await p.run({ x: 4 })).y);
    `;
    const child = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
      encoding: "utf8",
      timeout: 200_000,
    });
    expect(child.stderr).toBe("");
    expect(child.stdout).toBe("8\n");
    expect(child.status).toBe(0);
  });

  test("keeps typed errors typed", async () => {
    const typed = (): number => {
      throw Object.assign(new Error("too big"), { code: "MEMORY", hint: "less" });
    };
    const p = pipeline("p", {}, (p) => ({ y: p.stage("s", typed, [], { worker: true }) }));
    const error = await p.run({}).catch((e) => e);
    expect(error).toBeInstanceOf(InferlabError);
    expect(error).toMatchObject({ code: "MEMORY", hint: "less" });
  });
});
