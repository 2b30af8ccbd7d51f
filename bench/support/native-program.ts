/** Programs of native/**_bench.cc: kernels measured from C++, without what a call from JavaScript costs. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { packageRoot } from "../../src/base/package-root.ts";

/**
 * Compiles a program and links it with the objects of the addon's build. Returns a function that runs it and gives the words of
 * each line it prints. Errors: no such build, no compiler; a run that fails.
 */
export function buildNativeProgram(source: string): (...args: readonly (string | number)[]) => string[][] {
  const release = join(packageRoot, "build", "Release");
  const core = join(release, "native_core.a");
  const sets = ["plain", "avx2", "avx512", "neon"].map((set) => join(release, `native_${set}.a`)).filter(existsSync);
  if (!existsSync(core)) throw new Error(`${core} is missing: build the addon from its sources (npm run build:addon)`);
  const folder = join(packageRoot, "build", "benches");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, basename(source, ".cc"));
  const flags = ["-std=gnu++20", "-O2", `-I${join(packageRoot, "native")}`, "-pthread"];
  // The core stands on both sides: it calls the sets, and they call it.
  const objects = [join(packageRoot, source), core, ...sets, core, "-ldl"];
  const compiler = process.env["CXX"] ?? "g++";
  const built = spawnSync(compiler, [...flags, ...objects, "-o", program], { stdio: "inherit" });
  if (built.status !== 0) throw new Error(`${source} was not built${built.error ? `: ${built.error.message}` : ""}`);
  return (...args) => {
    const { stdout, status, signal } = spawnSync(program, args.map(String), { encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${signal ?? `status ${status}`}`);
    return stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
  };
}
