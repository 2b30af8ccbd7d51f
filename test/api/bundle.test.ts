/** What `import "inferlab"` gives is the bundle of the build, and runs whatever compiled code lies about. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bundledPosition } from "../../src/base/bundled-lines.ts";
import { repositoryRoot } from "../support/shared.ts";

const bundle = join(repositoryRoot, "dist", "bundle");
const cache = mkdtempSync(join(tmpdir(), "inferlab-code-"));
afterAll(() => rmSync(cache, { recursive: true, force: true }));

/** What a fresh process prints, whose working folder is the package, as text that `code` hands to `say`. */
function fresh(code: string, { flags = [], kept = cache }: { flags?: string[]; kept?: string } = {}): string {
  const program = `import * as il from "inferlab";\nconst say = (x) => console.log(JSON.stringify(x));\n${code}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", program], {
    cwd: repositoryRoot,
    env: { ...process.env, INFERLAB_CACHE: kept, INFERLAB_ADDON: "off", NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  expect(status, stderr).toBe(0);
  return stdout.trim();
}

/** Imports a package while it runs (sharp), which compiled code cannot do by itself. */
const picture = "(await il.encodeImage(new il.Image(1, 1, 3, new Uint8Array(3)))).length > 40";

test("it exports what the api exports, is there once by whatever address, and imports packages while it runs", () => {
  const again = `${pathToFileURL(join(bundle, "index.mjs")).href}?v=1`;
  const code = `const modules = await import("./dist/src/api/index.js");
    const again = await import(${JSON.stringify(again)});
    say([Object.keys(modules), again.Tensor === il.Tensor, ${picture}, Object.keys(il)]);`;
  const [exported, isOne, isWritten, names] = JSON.parse(fresh(code)) as [string[], boolean, boolean, string[]];
  expect(names).toEqual(exported);
  expect(names.length).toBeGreaterThan(100);
  expect([isOne, isWritten]).toEqual([true, true]);
});

test("a worker of a pipeline has the classes that it imports", () => {
  const code = `const work = async (x) => {
      const { Tensor, tensor } = await import("inferlab");
      if (!(x instanceof Tensor)) throw new Error("another Tensor");
      return tensor([x.data[0] * 2]);
    };
    const p = il.pipeline("p", { x: il.port("tensor") }, (p, { x }) => ({ y: p.stage("s", work, [x], { worker: true }) }));
    const { y } = await p.run({ x: il.tensor([4]) });
    say([y instanceof il.Tensor, y.data[0]]);`;
  expect(JSON.parse(fresh(code))).toEqual([true, 8]);
});

test("the build leaves compiled code, and where lines come from", () => {
  const names = readdirSync(bundle);
  const chunks = names.filter((name) => name.endsWith(".cjs"));
  expect(chunks.length).toBeGreaterThan(1);
  // Of the machine that built: the name's last part also tells CPUs apart.
  const hasCode = (chunk: string): boolean =>
    names.some(
      (name) => name.startsWith(`${chunk.slice(0, -".cjs".length)}-${process.arch}-`) && name.endsWith(".code"),
    );
  expect(chunks.filter((chunk) => !hasCode(chunk))).toEqual([]);
  const file = join(bundle, chunks.find((name) => name.startsWith("index-"))!);
  const lines = readFileSync(file, "utf8").split("\n");
  const line = 1 + lines.findIndex((text) => /^function inferShapes\(/.test(text));
  const at = bundledPosition(file, line)!;
  expect(at.file).toBe(join(repositoryRoot, "src", "compiler", "ir", "infer.ts"));
  expect(readFileSync(at.file, "utf8").split("\n")[at.line - 1]).toMatch(/^export function inferShapes\(/);
});

test("code for other flags is kept in the cache folder; what is damaged there is made anew", () => {
  const flags = ["--expose-gc"];
  const folder = join(cache, "code");
  expect(fresh(`say(${picture})`, { flags })).toBe("true");
  const made = readdirSync(folder);
  expect(made.length).toBeGreaterThan(1);
  const isWhole = (bytes: Buffer): boolean =>
    createHash("sha256").update(bytes.subarray(32)).digest().equals(bytes.subarray(0, 32));
  for (const [i, name] of made.entries()) {
    const bytes = readFileSync(join(folder, name));
    expect(isWhole(bytes)).toBe(true);
    // V8 would believe the first of these.
    if (i % 2) bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(folder, name), i % 2 ? bytes : bytes.subarray(0, bytes.length - 99));
  }
  expect(fresh(`say(${picture})`, { flags })).toBe("true");
  expect(readdirSync(folder)).toEqual(made);
  for (const name of made) expect(isWhole(readFileSync(join(folder, name)))).toBe(true);
});

test("it runs where no code can be kept, and says nothing of it", () => {
  const file = join(cache, "file");
  writeFileSync(file, "");
  const code = "process.stderr.write = (text) => { console.log(text); return true; };";
  expect(fresh(`${code} say(${picture})`, { flags: ["--expose-gc"], kept: file })).toBe("true");
});
