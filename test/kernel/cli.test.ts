import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { build, root } from "../support/kernel.ts";

beforeAll(build);

const folder = mkdtempSync(join(tmpdir(), "inferlab-cli-"));
const inferlab = (args: string[], input = "") =>
  spawnSync(process.execPath, [join(root, "bin/inferlab.mjs"), ...args], {
    encoding: "utf8",
    input,
    cwd: folder,
    timeout: 200_000,
  });

function notebook(name: string, cells: string[]): string {
  const path = join(folder, name);
  const code = cells.map((source) => ({ cell_type: "code", source, outputs: [], metadata: {}, execution_count: null }));
  writeFileSync(
    path,
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: {},
      cells: [{ cell_type: "markdown", source: "# T", metadata: {} }, ...code],
    }),
  );
  return path;
}
const outputsOf = (path: string): unknown[][] =>
  (JSON.parse(readFileSync(path, "utf8")) as { cells: { outputs?: unknown[] }[] }).cells.map(
    (cell) => cell.outputs ?? [],
  );

test("run writes the notebook with its outputs", () => {
  const path = notebook("ok.ipynb", [
    "console.log('a'); console.log('b'); 1 + 1",
    "const h = display('x')",
    "h.update('y')",
  ]);
  const { status, stdout } = inferlab(["run", path, "-o", "out.ipynb"]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/\[1\/3\] ok/);
  expect(outputsOf(join(folder, "out.ipynb"))).toEqual([
    [],
    [
      { output_type: "stream", name: "stdout", text: ["a\n", "b\n"] },
      { output_type: "execute_result", data: { "text/plain": ["2"] }, metadata: {}, execution_count: 1 },
    ],
    [{ output_type: "display_data", data: { "text/plain": ["'y'"] }, metadata: {} }],
    [],
  ]);
});

test("run stops at a failed cell, keeps what ran, and exits with 1", () => {
  const path = notebook("bad.ipynb", ["1", "throw new TypeError('bad')", "3"]);
  const { status, stdout, stderr } = inferlab(["run", path]);
  expect(status).toBe(1);
  expect(stdout).toMatch(/\[2\/3\] FAILED/);
  expect(stderr).toMatch(/TypeError: bad/);
  expect(outputsOf(path).map((outputs) => outputs.length)).toEqual([0, 1, 1, 0]);
});

test("run --timeout interrupts a cell", () => {
  const { status, stderr } = inferlab(["run", notebook("slow.ipynb", ["while (true) {}"]), "--timeout", "1"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/longer than 1 s/);
});

test.each([
  ["no file", ["run", "nothing.ipynb"]],
  ["no notebook", ["run", "text.ipynb"]],
  ["no number", ["run", "text.ipynb", "--timeout", "x"]],
  ["no argument", ["run"]],
  ["two places", ["install", "--user", "--system"]],
  ["a bad name", ["install", "--name", "a b"]],
])("%s is a usage error", (_name, args) => {
  writeFileSync(join(folder, "text.ipynb"), "not json");
  const { status, stderr } = inferlab(args);
  expect(status).toBe(2);
  expect(stderr).not.toBe("");
  expect(stderr).not.toMatch(/\n {4}at /);
});

test("install writes a kernel that starts, and --remove takes it away", () => {
  const { status } = inferlab(["install", "--prefix", folder, "--name", "il-test"]);
  expect(status).toBe(0);
  const file = join(folder, "share/jupyter/kernels/il-test/kernel.json");
  const spec = JSON.parse(readFileSync(file, "utf8")) as { argv: string[]; interrupt_mode: string };
  expect(spec.interrupt_mode).toBe("message");
  expect(spec.argv.filter((part) => part !== "{connection_file}").every(existsSync)).toBe(true);
  expect(inferlab(["install", "--prefix", folder, "--name", "il-test", "--remove"]).status).toBe(0);
  expect(existsSync(file)).toBe(false);
});

test("repl runs cells from a pipe", () => {
  const { status, stdout } = inferlab(
    ["repl"],
    "const f = (x: number) => {\n  return x * 2\n}\nf(4)\nawait Promise.resolve(7)\nconsole.log('last')",
  );
  expect(status).toBe(0);
  expect(stdout.split("\n").slice(0, 3).join("\n")).toMatch(/^inferlab/);
  expect(stdout.split("\n").slice(3)).toEqual(["8", "7", "last", ""]);
});

test("repl says what failed and exits with 1", () => {
  const { status, stderr } = inferlab(["repl"], "throw new RangeError('boom')\n");
  expect(status).toBe(1);
  expect(stderr).toMatch(/RangeError: boom\n {4}at cell\[1\]:1:7/);
});
