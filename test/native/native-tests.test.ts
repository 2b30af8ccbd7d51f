/** The C++ tests of native/, built incrementally and run as one executable. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../support/shared.ts";

const hasCompiler = spawnSync("g++", ["--version"]).status === 0;

test.skipIf(!hasCompiler)("native code passes its own tests", { timeout: 900_000 }, () => {
  const run = spawnSync(process.execPath, [join(repositoryRoot, "scripts", "test-native.mjs")], {
    cwd: repositoryRoot,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const failures = run.stdout.split("\n").filter((line) => !line.startsWith("ok  "));
  expect(run.status, failures.join("\n") + run.stderr).toBe(0);
  expect(run.stdout).toMatch(/\d+ tests, 0 failures/);
});
