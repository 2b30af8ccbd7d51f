/**
 * npm run bench -- pipelines [--only stream,graph,overhead,waiting,cancel,auto,passes,frames,ocr]
 *
 * What the scheduler reaches against its bars. Stages that sleep stand for devices: they take time and no processor. Each
 * section measures against a bound that does not depend on us (the slowest stage, the critical path) or against another way of
 * running the same stages, in turns. Prints a line a bar: what, measured, expected.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Image } from "../src/base/image.ts";
import { passLogText } from "../src/pipeline/flow/passes/optimize.ts";
import { type Pipeline, pipeline } from "../src/pipeline/flow/pipeline.ts";
import { Pool } from "../src/pipeline/flow/pool.ts";
import { type Port, port } from "../src/pipeline/flow/port.ts";
import type { StreamOptions } from "../src/pipeline/flow/stream.ts";
import { photographPage } from "../src/pipeline/media/photograph-page.ts";
import { library } from "../src/pipeline/nodes/library.ts";
import { createReader } from "../src/pipeline/ocr/ocr.ts";
import { interleave } from "./support/timing.ts";

const number = port<number>("number");
type Numbers = Pipeline<{ x: number }, { y: number }>;

const device = (ms: number) => async (v: number) => {
  await sleep(ms);
  return v;
};
/** Keeps the JavaScript thread busy. */
const compute = (ms: number) => (v: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return v;
};
const frames = (count: number) => Array.from({ length: count }, (_, x) => ({ x }));
async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;
function line(what: string, measured: string, bar: string): void {
  console.log(`${what.padEnd(46)} ${measured.padStart(22)}   ${bar}`);
}

/** What sleeping for so long takes here: timers round up, and on a busy machine they are late. */
async function realSleepMs(ms: number, count: number): Promise<number> {
  return (
    (await timed(async () => {
      for (let i = 0; i < count; i++) await sleep(ms);
    })) / count
  );
}

async function stream(): Promise<void> {
  const p = pipeline("chain", { x: number }, (p, { x }) => ({
    y: [6, 10, 8].reduce((from, ms, i) => p.stage(`s${i}`, device(ms), [from]), x as Port<number>),
  }));
  const shares: number[] = [];
  for (let round = 0; round < 5; round++) {
    const slowest = await realSleepMs(10, 40);
    const ms = await timed(() => drain(p.stream(frames(200), { pool: new Pool(4) })));
    shares.push((slowest * 200) / ms);
  }
  line("3-stage stream, share of 1 / slowest stage", `${(100 * median(shares)).toFixed(1)} %`, "≥ 95 %");
}

async function graph(): Promise<void> {
  // Nine stages of 10 ms, five deep: 90 ms one after the other, 50 ms at best.
  const p = pipeline("nine", { x: number }, (p, { x }) => {
    const stage = (name: string, ...from: Port<number>[]) =>
      p.stage(name, (...v: unknown[]) => device(10)(v[0] as number), from);
    const [a, b] = [stage("a", x), stage("b", x)];
    const [c, d] = [stage("c", a), stage("d", b)];
    const [e, f] = [stage("e", c), stage("f", d)];
    const [g, h] = [stage("g", e), stage("h", f)];
    return { y: stage("i", g, h) };
  });
  const ratios: number[] = [];
  const pool = new Pool(4);
  for (let round = 0; round < 15; round++) {
    const path = await timed(async () => {
      for (let i = 0; i < 5; i++) await sleep(10);
    });
    ratios.push((await timed(() => p.run({ x: 1 }, { pool }))) / path);
  }
  line("9-node graph on 4 workers / critical path", `${median(ratios).toFixed(3)}×`, "≤ 1.05×");
}

async function overhead(): Promise<void> {
  const empty = (v: number) => v;
  const p = pipeline("empty", { x: number }, (p, { x }) => {
    let at: Port<number> = x;
    for (let i = 0; i < 10_000; i++) at = p.stage(`s${i}`, empty, [at]);
    return { y: at };
  });
  const times: number[] = [];
  for (let round = 0; round < 12; round++) {
    const before = process.cpuUsage();
    await p.run({ x: 1 });
    const { user, system } = process.cpuUsage(before);
    if (round >= 4) times.push((user + system) / 10_000);
  }
  line("scheduler, processor time a node of 10,000", `${median(times).toFixed(2)} µs`, "< 2 µs");
}

async function waiting(): Promise<void> {
  const p = pipeline("sleepy", { x: number }, (p, { x }) => ({ y: p.stage("device", device(1000), [x]) }));
  await p.run({ x: 0 });
  const before = process.cpuUsage();
  const ms = await timed(() => drain(p.stream(frames(2))));
  const { user, system } = process.cpuUsage(before);
  line("processor time while devices work", `${((user + system) / 10 / ms).toFixed(2)} %`, "nothing polls");
}

async function cancel(): Promise<void> {
  // Stages that never look at their signal, at every depth: in a chain, a branch, a loop, a map, a worker.
  const deaf = () => new Promise<number>(() => undefined);
  const spin = (x: number): number => {
    for (;;) x++;
  };
  const build: readonly Numbers[] = [
    pipeline("chain", { x: number }, (p, { x }) => ({ y: p.stage("b", deaf, [p.stage("a", device(1), [x])]) })),
    pipeline("branch", { x: number }, (p, { x }) => ({ y: p.if("if", p.constant(true), deaf, deaf, [x]) })),
    pipeline("loop", { x: number }, (p, { x }) => ({ y: p.while("w", { test: () => true, body: device(1) }, x) })),
    pipeline("map", { x: number }, (p) => ({
      y: p.stage("n", (l) => l.length, [p.map("m", p.constant([1, 2, 3]), deaf)]),
    })),
    pipeline("worker", { x: number }, (p, { x }) => ({ y: p.stage("s", spin, [x], { worker: true }) })),
  ] as never;
  const late: number[] = [];
  for (let i = 0; i < 200; i++) {
    const controller = new AbortController();
    const p = build[i % build.length]!;
    const { signal } = controller;
    const run = (i % 2 ? p.run({ x: 0 }, { signal }) : drain(p.stream(frames(9), { signal }))).catch(() => undefined);
    await sleep(i % 13);
    late.push(
      await timed(() => {
        controller.abort();
        return run;
      }),
    );
  }
  late.sort((a, b) => a - b);
  line(
    "cancel anywhere, median and worst of 200",
    `${median(late).toFixed(2)} ms, ${late.at(-1)!.toFixed(2)} ms`,
    "≤ 10 ms",
  );
}

/** Twenty pipelines: chains and branches of devices and of JavaScript, even and uneven. */
function twenty(): readonly { name: string; p: Numbers; count: number }[] {
  const chain = (name: string, times: readonly (readonly ["d" | "c", number])[]) =>
    pipeline(name, { x: number }, (p, { x }) => ({
      y: times.reduce(
        (from, [kind, ms], i) => p.stage(`s${i}`, kind === "d" ? device(ms) : compute(ms), [from]),
        x as Port<number>,
      ),
    })) as Numbers;
  const fan = (name: string, times: readonly (readonly ["d" | "c", number])[]) =>
    pipeline(name, { x: number }, (p, { x }) => {
      const parts = times.map(([kind, ms], i) => p.stage(`s${i}`, kind === "d" ? device(ms) : compute(ms), [x]));
      return { y: p.stage("join", (...v) => (v as unknown[]).length - 1, parts as never) as Port<number> };
    }) as Numbers;
  const all: [string, Numbers][] = [];
  const kinds = [
    [
      ["d", 4],
      ["d", 4],
      ["d", 4],
    ],
    [
      ["d", 2],
      ["d", 8],
      ["d", 3],
    ],
    [
      ["c", 2],
      ["d", 6],
    ],
    [
      ["c", 2],
      ["c", 3],
    ],
    [
      ["c", 1],
      ["d", 3],
      ["c", 1],
      ["d", 3],
    ],
    [
      ["d", 10],
      ["c", 1],
    ],
    [
      ["c", 4],
      ["c", 1],
      ["c", 1],
    ],
    [["d", 3]],
    [
      ["d", 5],
      ["d", 1],
      ["c", 2],
      ["d", 5],
    ],
    [
      ["d", 6],
      ["d", 6],
    ],
  ] as const;
  kinds.forEach((times, i) => {
    all.push([`chain ${i}`, chain(`chain ${i}`, times)], [`fan ${i}`, fan(`fan ${i}`, times)]);
  });
  return all.map(([name, p]) => ({ name, p, count: 120 }));
}

async function auto(): Promise<void> {
  const behind: number[] = [];
  const noise: number[] = [];
  let worst = "";
  for (const { name, p, count } of twenty()) {
    const modes = ["sequential", "task", "pipeline", "auto", "pipeline"] as const;
    const run = (mode: StreamOptions["mode"]) =>
      timed(() => drain(p.stream(frames(count), { mode, pool: new Pool(4) })));
    const times = modes.map((): number[] => []);
    for (let round = 0; round < 3; round++)
      for (const i of round % 2 ? [4, 3, 2, 1, 0] : [0, 1, 2, 3, 4]) times[i]!.push(await run(modes[i]));
    const least = times.map((list) => Math.min(...list));
    const best = Math.min(...least.slice(0, 3));
    const share = least[3]! / best - 1;
    if (share > Math.max(...behind)) worst = name;
    behind.push(share);
    noise.push(Math.abs(least[4]! / least[2]! - 1));
    const [sequential, task, overlapped, chosen] = least.map((ms) => (ms / count).toFixed(2));
    console.log(
      `  ${name.padEnd(8)} sequential ${sequential}, task ${task}, pipeline ${overlapped}, auto ${chosen} ms a frame: ${(100 * share).toFixed(1)} %`,
    );
  }
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  line(`auto behind the best mode, worst of 20 (${worst})`, percent(Math.max(...behind)), "≤ 3 %");
  line("auto behind the best mode, median of 20", percent(median(behind)), "");
  line(
    "the same mode twice, worst and median",
    `${percent(Math.max(...noise))}, ${percent(median(noise))}`,
    "noise of this machine",
  );
}

async function passes(): Promise<void> {
  const photo = new Image(
    1280,
    720,
    3,
    Uint8Array.from({ length: 1280 * 720 * 3 }, (_, i) => (i * 31) % 256),
  );
  const image = port<Image>("image");
  const toNet = (p: Parameters<Parameters<typeof pipeline>[2]>[0], name: string, from: Port<Image>) => {
    const small = p.stage(`${name} small`, library.resize, [from], { parameters: { width: 320, height: 192 } });
    return p.stage(name, library.toTensor, [small], { parameters: { mean: [0.5], std: [0.5] } });
  };
  const chain = pipeline("pre-processing", { photo: image }, (p, { photo }) => {
    const cut = p.stage("cut", library.crop, [photo], { parameters: { x: 40, y: 20, width: 1200, height: 680 } });
    return { t: toNet(p, "tensor", cut) };
  });
  const twice = pipeline("duplicates", { photo: image }, (p, { photo }) => ({
    a: toNet(p, "a", photo),
    b: toNet(p, "b", photo),
  }));
  const unread = pipeline("dead", { photo: image }, (p, { photo }) => {
    toNet(p, "unread", photo);
    return { a: toNet(p, "a", photo) };
  });
  const each = pipeline("each", { item: number, index: number, photo: image }, (p, { item, photo }) => ({
    r: p.stage("add", (v, t) => v + t.size, [item, toNet(p, "template", photo)]),
  }));
  const loop = pipeline("loop", { photo: image }, (p, { photo }) => ({
    all: p.map("map", p.constant([1, 2, 3, 4, 5, 6, 7, 8]), each, { concurrency: 1 }, { shared: [photo] }),
  }));
  const make = (n: number) => new Float32Array(n);
  const size = (list: Float32Array) => list.length;
  const workers = pipeline("workers", { n: number }, (p, { n }) => ({
    y: p.stage("size", size, [p.stage("make", make, [n], { worker: true })], { worker: true }),
  }));
  const show = async <I, O>(p: Pipeline<I, O>, sample: I, which: string): Promise<void> => {
    const { log } = await p.optimize({ passes: [which], sample: [sample] });
    console.log(passLogText(log).split("\n")[0]);
  };
  await show(unread, { photo }, "dead");
  await show(twice, { photo }, "duplicates");
  await show(loop, { photo }, "hoist");
  await show(chain, { photo }, "fuse-preprocess");
  await show(workers, { n: 8 << 20 }, "elide-copies");
  await batchModel();
}

/** The direction classifier of the OCR models over 16 lines: one by one against one batch. */
async function batchModel(): Promise<void> {
  const { ocrModelPaths } = await import("../src/pipeline/ocr/models.ts");
  const { compileModel } = await import("../src/pipeline/compile-model.ts");
  const { Tensor } = await import("../src/base/tensor.ts");
  const session = await compileModel(ocrModelPaths().classifier, { engine: "native", threads: 2 });
  const tensor = () =>
    new Tensor(
      "float32",
      [1, 3, 48, 192],
      Float32Array.from({ length: 3 * 48 * 192 }, (_, i) => (i % 97) / 97),
    );
  const each = pipeline("each", { t: port<InstanceType<typeof Tensor>>("tensor") }, (p, { t }) => ({
    y: p.stage("net", session, [t]),
  }));
  const p = pipeline("lines", { list: port<InstanceType<typeof Tensor>[]>("list") }, (p, { list }) => ({
    all: p.map("all", list, each, { concurrency: 1 }),
  }));
  const { log } = await p.optimize({ passes: ["batch-model"], sample: [{ list: Array.from({ length: 16 }, tensor) }] });
  console.log(passLogText(log).split("\n")[0]);
  session.dispose();
}

async function manyFrames(): Promise<void> {
  const p = pipeline("trivial", { x: number }, (p, { x }) => ({
    y: p.stage("b", (v) => v + 1, [p.stage("a", (v) => v, [x], { state: () => 0 })]),
  }));
  const used: number[] = [];
  let count = 0;
  function* million() {
    for (; count < 1_000_000; count++) {
      if (count % 100_000 === 0) {
        (globalThis as { gc?: () => void }).gc?.();
        used.push(process.memoryUsage().heapUsed / 2 ** 20);
      }
      yield { x: count };
    }
  }
  await drain(p.stream(million()));
  line(
    "heap at 100,000 and at 900,000 of 10⁶ frames",
    `${used[1]!.toFixed(1)}, ${used[9]!.toFixed(1)} MiB`,
    "no growth",
  );
}

async function ocr(): Promise<void> {
  const words = [
    "Invoice",
    "Total",
    "Reference",
    "Amount",
    "Date",
    "Street",
    "Customer",
    "Payment",
    "Number",
    "Delivery",
  ];
  const pages: Image[] = [];
  for (let i = 0; i < 24; i++) {
    const text = Array.from(
      { length: 6 },
      (_, k) => `${words[(i + k) % 10]} ${words[(i * 3 + k) % 10]} ${1000 + 37 * i + k}`,
    );
    pages.push(await photographPage(text, { seed: i + 1 }));
  }
  for (const engine of ["native", "ort"]) {
    const one = await createReader({ engine, threads: 1 });
    const both = await createReader({ engine, threads: 2 });
    const many = await createReader({ engine });
    const ways = [
      () => drain(one.readAll(pages, { mode: "sequential" })),
      () => drain(both.readAll(pages, { mode: "sequential" })),
      () => drain(many.readAll(pages)),
    ];
    const [single, double, overlapped] = await interleave(ways, 1);
    const gain = (ms: number) => (ms / overlapped!.medianMs).toFixed(2);
    line(
      `OCR of 24 pages on ${engine}, over one at a time`,
      `${gain(single!.medianMs)}× 1 thread, ${gain(double!.medianMs)}× 2`,
      `≥ 1.6× (${(overlapped!.medianMs / 24).toFixed(0)} ms a page)`,
    );
  }
}

const sections = { stream, graph, overhead, waiting, cancel, auto, passes, frames: manyFrames, ocr } as const;
const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(`usage: npm run bench -- pipelines [--only ${Object.keys(sections).join(",")}]`);
  process.exit(0);
}
const at = args.indexOf("--only");
const wanted = at < 0 ? Object.keys(sections) : args[at + 1]!.split(",");
for (const name of wanted) {
  const run = sections[name as keyof typeof sections];
  if (!run) {
    console.error(`there is no section ${JSON.stringify(name)}: ${Object.keys(sections).join(", ")}`);
    process.exit(2);
  }
  await run();
}
process.exit(0);
