/**
 * The native half under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer: its own C++ tests, then the
 * conformance pack and random graphs on the native engine with an instrumented addon. Arenas are closed but for the
 * operands of the instruction that runs (native/program/arena_guard.h). A report ends the process and fails the test.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../scripts/conformance/pool.ts";
import { readFigures } from "../../scripts/conformance/report.ts";
import { missing, repositoryRoot, shared } from "../support/shared.ts";

/** Path of a sanitizer's runtime library; undefined where the compiler or the library is missing. */
function runtimeLibrary(name: string): string | undefined {
  const { stdout } = spawnSync("g++", [`-print-file-name=${name}`], { encoding: "utf8" });
  const path = stdout?.trim();
  return path && isAbsolute(path) ? path : undefined;
}

const asan = runtimeLibrary("libasan.so");
const tsan = runtimeLibrary("libtsan.so");
if (!asan || !tsan) console.warn("sanitizers are skipped: g++ has no libasan or libtsan");

const reports = mkdtempSync(join(tmpdir(), "inferlab-sanitizers-"));
afterAll(() => rmSync(reports, { recursive: true, force: true }));

/** Node and V8 end without freeing: leaks are not looked for. */
const checks = {
  ASAN_OPTIONS: `detect_leaks=0:log_path=${join(reports, "address")}`,
  UBSAN_OPTIONS: `print_stacktrace=1:log_path=${join(reports, "undefined")}`,
  TSAN_OPTIONS: `halt_on_error=1:log_path=${join(reports, "thread")}`,
};

/** What the sanitizers wrote since the last call, the first lines of each report. */
function takeReports(): string[] {
  return readdirSync(reports).map((file) => {
    const text = readFileSync(join(reports, file), "utf8");
    rmSync(join(reports, file));
    return text.split("\n").slice(0, 40).join("\n");
  });
}

function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const started = performance.now();
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(repositoryRoot, script), ...args], {
    cwd: repositoryRoot,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, ...checks, ...env },
  });
  console.log(`${script} ${args.join(" ")}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return { status, signal, stdout, stderr };
}

const both = ["--sanitize=address,undefined", "--addon"];
/** Processes that load the instrumented addon need the runtime before anything else. */
const instrumented = {
  LD_PRELOAD: asan ?? "",
  INFERLAB_ADDON: join(repositoryRoot, "build/native-tests/address-undefined/inferlab.node"),
};

describe.skipIf(!asan)("under AddressSanitizer and UBSan", () => {
  beforeAll(() => {
    const { status, stderr } = run("scripts/test-native.mjs", [...both, "--build-only"]);
    expect(status, stderr).toBe(0);
  }, 15 * 60_000);

  test("the C++ tests pass", () => {
    const { status, stdout, stderr } = run("scripts/test-native.mjs", both);
    expect(takeReports()).toEqual([]);
    expect(status, stdout.slice(-2000) + stderr).toBe(0);
    expect(stdout).toMatch(/\d+ tests, 0 failures/);
  });

  test.skipIf(missing("onnx-backend-tests"))("the conformance pack passes on the native engine", () => {
    const figures = readFigures(join(repositoryRoot, "test/full/conformance.json")).engines.native!;
    const args = ["--json", "--engine", "native", "--pack", shared("onnx-backend-tests")!, "--timeout", "240"];
    const { stdout, stderr } = run("dist/scripts/conformance.js", args, instrumented);
    expect(takeReports()).toEqual([]);
    const outcomes = JSON.parse(stdout || "[]") as Outcome[];
    const lost = outcomes.filter(({ path, passed }) => !passed && !Object.hasOwn(figures.failed, path));
    expect(lost.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([]);
    expect(outcomes.length, stderr).toBe(figures.total);
  });

  test("random graphs run on the native engine", () => {
    const args = ["--from", "5000", "--count", "120", "--seconds", "60", "--targets", "native", "--json"];
    const { status, stdout, stderr } = run("dist/scripts/fuzz.js", args, instrumented);
    expect(takeReports()).toEqual([]);
    expect(status, stdout + stderr).toBe(0);
    const { graphs } = JSON.parse(stdout) as { graphs: number };
    console.log(`${graphs} graphs`);
    expect(graphs).toBeGreaterThan(20);
  });
});

describe.skipIf(!tsan)("under ThreadSanitizer", () => {
  test("the C++ tests that use threads pass", { timeout: 15 * 60_000 }, () => {
    const names = ["ThreadPool", "ProgramRuns", "Elementwise", "Reduce", "Softmax", "Copy", "Norm", "Heap"];
    const { status, stdout, stderr } = run("scripts/test-native.mjs", ["--sanitize=thread", ...names]);
    expect(takeReports()).toEqual([]);
    expect(status, stdout.slice(-2000) + stderr).toBe(0);
    expect(stdout).toMatch(/\d+ tests, 0 failures/);
  });
});
