/** Kernels measured instead of modelled: the choice is the fastest, is kept, is followed, and does not depend on the file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Tensor } from "../../src/base/tensor.ts";
import { parseGraph } from "../../src/compiler/ir/parse.ts";
import * as convChoice from "../../src/compiler/program/lower/conv-choice.ts";
import { collectSchema, instruction } from "../../src/compiler/program/schema.ts";
import { encodeTrial, trial, trialKey } from "../../src/compiler/program/trial.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import type { AutotuneOptions } from "../../src/runtime/engine.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { difference, seeded } from "../support/compare.ts";

const net = (n: number | "n" = 1) =>
  parseGraph(`opset 21
input x: float32[${n},64,24,24]
w: float32[64,1,3,3] = random 1
p: float32[32,64,1,1] = random 2
a = Conv<pads=[1, 1, 1, 1], group=64>(x, w)
b = Relu(a)
y = Conv(b, p)
output y`);

const image = (batch = 1): Tensor => {
  const random = seeded(5);
  return new Tensor(
    "float32",
    [batch, 64, 24, 24],
    Float32Array.from({ length: batch * 64 * 576 }, () => random() - 0.5),
  );
};

let folder: string;
const warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "inferlab-autotune-"));
  process.env.INFERLAB_CACHE = folder;
  warnings.length = 0;
  vi.spyOn(console, "warn").mockImplementation((line: string) => void warnings.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
  delete process.env.INFERLAB_CACHE;
  rmSync(folder, { recursive: true, force: true });
});

const cacheFile = (): string => {
  const [file] = readdirSync(join(folder, "autotune"));
  return join(folder, "autotune", file!);
};

async function compile(autotune: AutotuneOptions | boolean = true, threads = 1) {
  const measured: string[] = [];
  const given: AutotuneOptions = typeof autotune === "object" ? autotune : {};
  const session = await compileGraph(net(), {
    engine: "native",
    threads,
    autotune: autotune && {
      ...given,
      onProgress: (progress) => {
        if (progress.node) measured.push(progress.node);
        given.onProgress?.(progress);
      },
    },
  });
  return { session, measured, convolutions: session.explain().filter(({ kernel }) => kernel.startsWith("conv_")) };
}

describe.skipIf(!loadAddon().ok)("autotune", () => {
  test("measures every way of each convolution, takes the fastest, and keeps what it found", async () => {
    const first = await compile();
    expect(first.measured.length).toBeGreaterThanOrEqual(2);
    expect(first.convolutions).toHaveLength(2);
    for (const { measured, reason, kernel } of first.convolutions) {
      expect(reason).toMatch(/^fastest of \d+ measured/);
      expect(measured!.length).toBeGreaterThan(1);
      const sums = measured!.map(({ ms, layoutMs }) => ms + layoutMs);
      expect(sums).toEqual([...sums].sort((a, b) => a - b));
      expect(kernel).toContain(measured![0]!.name.split(",")[0]);
    }
    expect(first.convolutions[0]!.measured!.map(({ name }) => name).sort()).toEqual(["depthwise", "patches"]);
    const content = readFileSync(cacheFile(), "utf8");

    const again = await compile();
    expect(again.measured).toEqual([]);
    expect(again.convolutions).toEqual(first.convolutions);
    expect(readFileSync(cacheFile(), "utf8")).toBe(content);

    const feeds = { x: image() };
    const { y } = await first.session.run(feeds);
    const same = await again.session.run(feeds);
    expect(same.y!.data).toEqual(y!.data);
    const plain = await (await compile(false)).session.run(feeds);
    expect(difference(y!, plain.y!, 1e-4, 1e-5).worst).toBeLessThanOrEqual(1);
    expect(warnings).toEqual([]);
  });

  test("without it nothing is measured and nothing is written", async () => {
    const { convolutions } = await compile(false);
    expect(convolutions.every(({ measured }) => measured === undefined)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("follows the times in the cache, also where they contradict the model", async () => {
    await compile();
    const content = JSON.parse(readFileSync(cacheFile(), "utf8")) as { times: Record<string, number> };
    // The depthwise convolution is the one with 64 groups; patches are algorithm 0, the first parameter.
    for (const key of Object.keys(content.times))
      if (key.includes("[1,64,64,64]")) content.times[key] = key.startsWith("1 Conv [[0,") ? 1 : 1e6;
    writeFileSync(cacheFile(), JSON.stringify(content));
    const { convolutions, measured } = await compile();
    expect(measured).toEqual([]);
    expect(convolutions[0]!.kernel).toMatch(/patches$/);
    expect(convolutions[0]!.reason).toContain("a model would take depthwise");
    expect(convolutions[0]!.measured![0]).toMatchObject({ name: "patches", ms: 0.001 });
  });

  test("corrects a model that is wrong", async () => {
    // Patches compute a depthwise convolution many times slower than the kernel made for it.
    const wrong = vi.spyOn(convChoice.convModel, "choose").mockImplementation(() => ({
      algorithm: "patches",
      blockedInput: false,
      tileBlocks: 0,
      reason: "planted",
    }));
    const modelled = await compile(false);
    expect(modelled.convolutions[0]!.kernel).toMatch(/patches$/);
    const { convolutions } = await compile();
    expect(wrong).toHaveBeenCalled();
    expect(convolutions[0]!.kernel).toMatch(/depthwise$/);
    expect(convolutions[0]!.reason).toContain("a model would take patches");
  });

  test.each([
    ["not JSON", "{", /is damaged/],
    ["no times", '{"times": []}', /is damaged \(it has no times\)/],
    ["a time that is none", '{"times": {"1 Conv [[0]]": -1}}', /is damaged \(the time of 1 Conv/],
  ])("a damaged cache (%s) is told, measured again and mended", async (_, text, message) => {
    await compile();
    const path = cacheFile();
    writeFileSync(path, text);
    const { measured } = await compile();
    expect(measured.length).toBeGreaterThanOrEqual(2);
    expect(warnings[0]).toMatch(message);
    expect(warnings[0]).toContain(path);
    warnings.length = 0;
    expect((await compile()).measured).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("a cancelled measuring says so and keeps what it had", async () => {
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }): void => {
      if (done === 1) controller.abort();
    };
    await expect(compile({ signal: controller.signal, onProgress })).rejects.toMatchObject({ code: "CANCELLED" });
    const { times } = JSON.parse(readFileSync(cacheFile(), "utf8")) as { times: Record<string, number> };
    expect(Object.keys(times).length).toBeGreaterThan(0);
    const rest = await compile();
    expect(rest.measured).toHaveLength(1);
  });

  test("numbers of threads are measured apart, shapes when they are met", async () => {
    await compile(true, 1);
    expect((await compile(true, 2)).measured.length).toBeGreaterThanOrEqual(2);
    const nodes: string[] = [];
    const session = await compileGraph(net("n"), {
      engine: "native",
      threads: 1,
      autotune: { onProgress: ({ node }) => node && nodes.push(node) },
    });
    expect(nodes).toEqual([]);
    await session.run({ x: image(2) });
    expect(nodes.length).toBeGreaterThanOrEqual(2);
    const before = nodes.length;
    await session.run({ x: image(2) });
    expect(nodes).toHaveLength(before);
  });

  test("nothing is kept with INFERLAB_CACHE=off", async () => {
    process.env.INFERLAB_CACHE = "off";
    expect((await compile()).measured.length).toBeGreaterThanOrEqual(2);
    expect((await compile()).measured.length).toBeGreaterThanOrEqual(2);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a trial's key tells sizes and parameters apart, not packings of the same weights", () => {
  const copy = instruction({ name: "Copy", doc: "", parameters: { n: "int" } });
  const pack = instruction({ name: "Pack", doc: "", parameters: { n: "int" } });
  const of = (n: number, inputs: Parameters<typeof trial>[0]["inputs"]) =>
    trial({ name: "way", instruction: copy, parameters: { n }, inputs, outputBytes: 64 });
  const packed = (inputBytes: number) => ({ instruction: pack, parameters: { n: 1 }, inputBytes });
  expect(trialKey(of(1, [64]))).toBe(trialKey(of(1, [64])));
  expect(trialKey(of(1, [64]))).not.toBe(trialKey(of(2, [64])));
  expect(trialKey(of(1, [64]))).not.toBe(trialKey(of(1, [128])));
  expect(trialKey(of(1, [packed(64)]))).toBe(trialKey(of(1, [packed(64)])));
  const own = collectSchema({ copy, pack });
  const { inputBytes, constantBytes, bytes } = encodeTrial(own, of(1, [64, undefined, packed(32)]), 3);
  expect([inputBytes, constantBytes]).toEqual([[64], [32]]);
  expect(bytes.length).toBeGreaterThan(encodeTrial(own, of(1, [64, undefined, packed(32)]), 1).bytes.length);
});
