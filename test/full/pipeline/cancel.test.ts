/** Cancelling and destroying in 1,000 random orders, and leaving with pipelines alive: plainly and under AddressSanitizer. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { repositoryRoot } from "../../support/shared.ts";

const script = join(repositoryRoot, "test/full/pipeline/cancel-orders.mjs");
const reports = mkdtempSync(join(tmpdir(), "inferlab-cancel-"));
afterAll(() => rmSync(reports, { recursive: true, force: true }));

function orders(count: number, seed: number, ending: "exit" | "return", env: Readonly<Record<string, string>> = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script, `${count}`, `${seed}`, ending], {
    encoding: "utf8",
    timeout: 15 * 60_000,
    env: { ...process.env, ...env },
  });
  expect({ status, signal }, stdout + stderr).toEqual({ status: 0, signal: null });
  const codes = JSON.parse(stdout.split("\n")[0]!) as Record<string, number>;
  console.log(`${count} orders: ${stdout.trim()}`);
  expect(Object.values(codes).reduce((a, b) => a + b, 0)).toBe(count);
  expect(codes["done"], "some run through").toBeGreaterThan(0);
  expect(codes["CANCELLED"], "some are cancelled").toBeGreaterThan(0);
}

describe("random cancel and destroy orders", () => {
  test("leave no worker taken and nothing hanging; the process exits with 0 with pipelines alive", () => {
    orders(1000, 1, "exit");
  });

  test("let a process end by itself where only stages wait", () => {
    const text = `
      import { pipeline, port } from ${JSON.stringify(join(repositoryRoot, "dist/src/api/index.js"))};
      const wait = () => new Promise(() => undefined);
      const p = pipeline("p", { x: port() }, (p, { x }) => ({ y: p.stage("s", wait, [x]) }));
      p.run({ x: 1 });
      p.stream([{ x: 1 }, { x: 2 }]).next();
      console.log("left");
    `;
    const run = spawnSync(process.execPath, ["--input-type=module", "-e", text], {
      encoding: "utf8",
      timeout: 300_000,
    });
    expect({ status: run.status, stdout: run.stdout }, run.stderr).toEqual({ status: 0, stdout: "left\n" });
  });
});

const found = spawnSync("g++", ["-print-file-name=libasan.so"], { encoding: "utf8" }).stdout?.trim() ?? "";
const asan = isAbsolute(found) ? found : undefined;
if (!asan) console.warn("the AddressSanitizer run is skipped: g++ has no libasan");

describe.skipIf(!asan)("under AddressSanitizer and UBSan", () => {
  test("1,000 random cancel and destroy orders are clean", () => {
    const build = spawnSync(
      process.execPath,
      [join(repositoryRoot, "scripts/test-native.mjs"), "--sanitize=address,undefined", "--addon", "--build-only"],
      { cwd: repositoryRoot, encoding: "utf8" },
    );
    expect(build.status, build.stderr).toBe(0);
    orders(1000, 2, "exit", {
      LD_PRELOAD: asan!,
      INFERLAB_ADDON: join(repositoryRoot, "build/native-tests/address-undefined/inferlab.node"),
      ASAN_OPTIONS: `detect_leaks=0:log_path=${join(reports, "address")}`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${join(reports, "undefined")}`,
    });
    const texts = readdirSync(reports).map((file) => readFileSync(join(reports, file), "utf8").slice(0, 3000));
    expect(texts).toEqual([]);
  });
});
