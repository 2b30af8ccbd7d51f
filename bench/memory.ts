/**
 * npm run bench -- memory [--rounds 5] [--churn SECONDS] [--only pairs-1024,larson] [--index]
 *
 * The pool beside mimalloc, jemalloc and the C library under the same loads (native/memory/pool_bench.cc), each run a
 * process of its own, taking turns: CPU nanoseconds an operation, median and half the distance of the quartiles, and the
 * peak of resident memory. Peers come by LD_PRELOAD from Debian's packages libmimalloc2.0 and libjemalloc2; one that is not
 * installed is left out. `--churn` runs mixed sizes for so long and says what resident memory grew by after the first tenth.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { photographPage } from "../src/pipeline/media/photograph-page.ts";
import { createReader } from "../src/pipeline/ocr/ocr.ts";
import { requireAddon } from "../src/runtime/native/addon.ts";

const args = process.argv.slice(2);
const option = (name: string, otherwise: string): string => {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : (args[at + 1] ?? otherwise);
};
// This file runs as dist/bench/memory.js.
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const work = join(root, "build", "pool-bench");

function build(): string {
  mkdirSync(work, { recursive: true });
  const executable = join(work, "pool_bench");
  const sources = ["pool_bench", "heap", "small_blocks", "large_blocks", "pages", "checked"];
  const run = spawnSync(
    process.env["CXX"] ?? "g++",
    ["-std=gnu++20", "-O3", "-DNDEBUG", "-Inative", "-pthread"].concat(
      sources.map((name) => `native/memory/${name}.cc`),
      ["-o", executable],
    ),
    { cwd: root, stdio: "inherit" },
  );
  if (run.status !== 0) process.exit(1);
  return executable;
}

interface Allocator {
  readonly name: string;
  readonly kind: "pool" | "malloc";
  readonly preload?: string;
}

function library(...names: string[]): string | undefined {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => existsSync(path));
}

function allocators(): Allocator[] {
  const found: Allocator[] = [{ name: "pool", kind: "pool" }];
  for (const [name, preload] of [
    ["mimalloc", library("libmimalloc.so.2", "libmimalloc.so.2.0")],
    ["jemalloc", library("libjemalloc.so.2")],
  ] as const) {
    if (preload) found.push({ name, kind: "malloc", preload });
    else console.log(`${name} is not installed and left out (Debian: libmimalloc2.0, libjemalloc2)`);
  }
  return [...found, { name: "glibc", kind: "malloc" }];
}

interface Result {
  readonly ns: number;
  readonly peakKib: number;
  readonly extra: number;
}

function run(executable: string, { kind, preload }: Allocator, load: string, argument: string): Result {
  const { stdout, status } = spawnSync(executable, [kind, load, argument], {
    encoding: "utf8",
    env: { ...process.env, ...(preload ? { LD_PRELOAD: preload } : {}) },
  });
  if (status !== 0) throw new Error(`${load} ended with status ${status}`);
  const [ns, peakKib, extra] = stdout.trim().split(" ").map(Number);
  return { ns: ns!, peakKib: peakKib!, extra: extra! };
}

/** What one reading of a page asks of the pool, after a first one has compiled everything. */
async function recordOcr(): Promise<string> {
  const addon = requireAddon();
  const page = await photographPage([
    "Memory is what remains",
    "when the tensors have gone.",
    "4,096 pages · 64 bytes",
  ]);
  const reader = await createReader({ engine: "native" });
  await reader.read(page);
  addon.memoryRecord(true);
  await reader.read(page);
  addon.memoryRecord(false);
  const { addresses, bytes } = addon.memoryEvents();
  const ids = new Map<number, number>();
  const lines: string[] = [];
  let next = 0;
  for (const [i, size] of bytes.entries()) {
    if (size > 0) ids.set(addresses[i]!, next++);
    const id = ids.get(addresses[i]!);
    if (id === undefined) continue;
    lines.push(`${id} ${Math.max(size, 0)}`);
    if (size < 0) ids.delete(addresses[i]!);
  }
  const path = join(tmpdir(), `inferlab-ocr-trace-${process.pid}.txt`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  console.log(`trace of the OCR pipeline: ${next} blocks`);
  return path;
}

function median(values: readonly number[]): [middle: number, spread: number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
  return [at(0.5), (at(0.75) - at(0.25)) / 2];
}

const executable = build();
if (args.includes("--index")) {
  const self: Allocator = { name: "pool", kind: "pool" };
  for (const load of ["index-tlsf", "index-skip-list"]) {
    const results = Array.from({ length: 5 }, () => run(executable, self, load, ""));
    const [ns] = median(results.map((r) => r.ns));
    console.log(
      `${load}: ${ns.toFixed(0)} ns a pair, ${(results[0]!.extra * 100).toFixed(1)} % of the region lost when full`,
    );
  }
  process.exit(0);
}
const churn = option("--churn", "");
if (churn) {
  for (const allocator of allocators()) {
    const { ns, peakKib, extra } = run(executable, allocator, "churn", churn);
    console.log(
      `${allocator.name.padEnd(9)} ${churn} s: ${ns.toFixed(0)} ns a pair, peak ${(peakKib / 1024).toFixed(0)} MiB, ${extra} KiB grown after the first tenth`,
    );
  }
  process.exit(0);
}
const all = [
  "fixed-16",
  "fixed-64",
  "fixed-256",
  "fixed-1024",
  "fixed-4096",
  "pairs-1024",
  "pairs-8000",
  "larson",
  "producer-consumer",
  "objects",
  "trace",
];
const loads = option("--only", all.join(",")).split(",");
const trace = loads.includes("trace") ? await recordOcr() : "";
const peers = allocators();
const rounds = Number(option("--rounds", "5"));
console.log(
  `| load | ${peers.map((p) => `${p.name} ns | MiB`).join(" | ")} | pool ÷ mimalloc |\n|---|${"---:|".repeat(peers.length * 2 + 1)}`,
);
for (const load of loads) {
  const results: Result[][] = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    // Turn the order around each round: nobody always comes after the same neighbour.
    const order = peers.map((_, i) => (round % 2 ? peers.length - 1 - i : i));
    for (const i of order) results[i]!.push(run(executable, peers[i]!, load, trace));
  }
  const cells = results.map((list) => {
    const [ns, spread] = median(list.map((r) => r.ns));
    const [peak] = median(list.map((r) => r.peakKib));
    const extra = load === "objects" ? ` (+${(median(list.map((r) => r.extra))[0] * 100).toFixed(1)} %)` : "";
    return `${ns.toFixed(1)} ± ${spread.toFixed(1)} | ${(peak / 1024).toFixed(0)}${extra}`;
  });
  // A round's runs lie next to each other in time: the ratio is taken within the round.
  const mimalloc = peers.findIndex((p) => p.name === "mimalloc");
  const ratio = mimalloc < 0 ? "" : median(results[0]!.map((r, i) => r.ns / results[mimalloc]![i]!.ns))[0].toFixed(2);
  console.log(`| ${load} | ${cells.join(" | ")} | ${ratio} |`);
}
process.exit(0);
