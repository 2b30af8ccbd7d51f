/** The kernels for 64-bit Arm: cross-compiled with Debian's compiler, their tests run under qemu-user. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../support/shared.ts";

const has = (tool: string): boolean => spawnSync(tool, ["--version"]).error === undefined;
const missing = [
  has("aarch64-linux-gnu-g++") ? [] : ["g++-aarch64-linux-gnu"],
  has("qemu-aarch64") || has("qemu-aarch64-static") ? [] : ["qemu-user-static"],
].flat();
if (missing.length > 0) console.log(`NEON is not tested: Debian's ${missing.join(" and ")} not installed`);

test.skipIf(missing.length > 0)("kernels pass their tests on NEON", () => {
  const run = spawnSync(
    process.execPath,
    [join(repositoryRoot, "scripts", "test-native.mjs"), "--cross=aarch64", "/neon"],
    {
      cwd: repositoryRoot,
      encoding: "utf8",
      maxBuffer: 1 << 26,
    },
  );
  const lines = run.stdout.split("\n");
  expect(run.status, lines.filter((line) => !line.startsWith("ok  ")).join("\n") + run.stderr).toBe(0);
  const families = new Set(lines.flatMap((line) => /^ok +(\w+)\..*\/neon /.exec(line)?.[1] ?? []));
  for (const family of ["conv", "gemm", "elementwise", "pool", "softmax", "quantizedproduct", "quantizedconvolution"])
    expect([...families].join(" ").toLowerCase()).toContain(family);
});
