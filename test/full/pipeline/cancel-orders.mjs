// Started by cancel.test.ts: pipelines over native sessions, cancelled and their sessions destroyed in random orders, then an
// exit with pipelines alive. Arguments: how many, the first seed, and how to end ("exit", or "return" to end by itself).
import { setTimeout as sleep } from "node:timers/promises";
import { graph, Pool, pipeline, port, Tensor } from "../../../dist/src/api/index.js";

const [count, seed, ending] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];

let state = seed >>> 0;
const real = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const integer = (below) => Math.floor(real() * below);

const size = 96;
const numbers = (n) => Float32Array.from({ length: n }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
const weights = new Tensor("float32", [size, size], numbers(size * size));
const g = graph("products");
let y = g.input("x", "float32", ["n", size]);
for (let i = 0; i < 12; i++) y = y.matmul(weights).tanh();
g.output("y", y);
const model = g.toModel();
const make = () => model.compile({ engine: "native", threads: 1 + integer(2) });
let session = await make();

const spin = (x) => {
  const end = Date.now() + 20;
  while (Date.now() < end) x.data[0] += 1;
  return x;
};
const input = () => {
  const rows = 1 + integer(40);
  return new Tensor("float32", [rows, size], numbers(rows * size));
};

function build(net, withWorker) {
  const t = port("tensor");
  const each = pipeline("each", { t }, (p, { t }) => ({ y: p.stage("net", net, [t]) }));
  return pipeline("random", { t }, (p, { t }) => {
    const a = p.stage("a", net, [t], { replicas: 1 + integer(3) });
    const b = p.stage("b", net, [t], real() < 0.3 ? { batch: { max: 3, waitMs: 1 } } : {});
    const list = p.stage("list", (l, r) => [l, r, l], [a, b]);
    const all = p.map("all", list, each, { concurrency: 2 });
    const last = p.stage("last", (results) => results[0], [all], real() < 0.3 ? { state: () => ({}) } : {});
    return { y: withWorker ? p.stage("spin", spin, [last], { worker: true }) : last };
  });
}

const codes = new Map();
for (let i = 0; i < count; i++) {
  const pool = new Pool(1 + integer(4));
  const controller = new AbortController();
  const { signal } = controller;
  const p = build(session, i % 50 === 7);
  let done = false;
  const work = async () => {
    if (real() < 0.4) return p.run({ t: input() }, { signal, pool });
    const frames = function* () {
      for (let k = 0; k < 6; k++) yield { t: input() };
    };
    const breakAt = integer(8);
    let k = 0;
    for await (const _ of p.stream(frames(), { signal, pool })) if (k++ === breakAt) break;
  };
  const running = work()
    .then(
      () => "done",
      (error) => error.code ?? error,
    )
    .finally(() => {
      done = true;
    });
  // Abort, destroy the session, wait: in any order, some of them twice, some not at all.
  for (let step = 0; step < 1 + integer(4); step++) {
    const what = integer(4);
    if (what === 0) controller.abort();
    else if (what === 1 && real() < 0.3) session.dispose();
    else if (what === 2) await sleep(integer(4));
    else await null;
  }
  if (real() < 0.6) controller.abort();
  const code = await Promise.race([running, sleep(30_000, "hangs", { ref: false })]);
  codes.set(code, (codes.get(code) ?? 0) + 1);
  if (!done) throw new Error(`number ${i} hangs`);
  if (!["done", "CANCELLED", "ENGINE"].includes(code)) throw code;
  if (pool.busy !== 0) throw new Error(`number ${i} left ${pool.busy} workers taken`);
  if (real() < 0.2 || code === "ENGINE") {
    session.dispose();
    session = await make();
  }
}
console.log(JSON.stringify(Object.fromEntries(codes)));

// Pipelines alive: runs under way on native threads and in a worker, a stream nobody reads on, one that waits for ever.
const forever = () => new Promise(() => undefined);
const alive = build(session, true);
for (let i = 0; i < 4; i++) alive.run({ t: input() }).catch(() => undefined);
const stream = alive.stream(
  (function* () {
    for (;;) yield { t: input() };
  })(),
);
await stream.next();
pipeline("waits", { x: port() }, (p, { x }) => ({ y: p.stage("forever", forever, [x]) })).run({ x: 1 });
if (ending === "exit") process.exit(0);
