/** Imports and includes go one way. The map below is the one of ARCHITECTURE.md; a new folder needs a line here. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "./support/shared.ts";

/** Layer → layers its files may import (besides itself). */
const typescript: Record<string, readonly string[]> = {
  "src/base": [],
  "src/ops": ["src/base"],
  "src/compiler/ir": ["src/base", "src/ops"],
  "src/compiler/files": ["src/base"],
  "src/compiler/onnx": ["src/base", "src/ops", "src/compiler/ir", "src/compiler/files"],
  "src/compiler/tensorflow": ["src/base", "src/ops", "src/compiler/ir"],
  "src/compiler/tflite": ["src/base", "src/ops", "src/compiler/ir", "src/compiler/files", "src/compiler/tensorflow"],
  "src/compiler/tfjs": ["src/base", "src/ops", "src/compiler/ir", "src/compiler/files", "src/compiler/tensorflow"],
  "src/compiler/nnl": ["src/base", "src/ops", "src/compiler/ir", "src/compiler/files", "src/compiler/onnx"],
  "src/compiler/formats": [
    "src/base",
    "src/ops",
    "src/compiler/ir",
    "src/compiler/files",
    "src/compiler/onnx",
    "src/compiler/tflite",
    "src/compiler/tfjs",
    "src/compiler/nnl",
  ],
  "src/compiler/passes": ["src/base", "src/ops", "src/compiler/ir"],
  "src/compiler/plan": ["src/base", "src/ops", "src/compiler/ir"],
  "src/compiler/tools": ["src/base", "src/ops", "src/compiler/ir", "src/compiler/onnx", "src/compiler/passes"],
  "src/compiler/program": ["src/base", "src/ops", "src/compiler/ir", "src/compiler/plan"],
  "src/runtime": ["src/base", "src/ops", "src/compiler/*"],
  "src/profile": ["src/base", "src/ops", "src/compiler/*", "src/runtime"],
  "src/pipeline": ["src/base", "src/ops", "src/compiler/*", "src/runtime"],
  "src/api": ["src/base", "src/ops", "src/compiler/*", "src/runtime", "src/profile", "src/pipeline"],
  "src/widgets": ["src/base"],
  "src/display": ["src/base", "src/widgets"],
  "src/cli": ["src/*", "src/compiler/*", "kernel", "server"],
  kernel: ["src/base"],
  server: ["src/base", "kernel"],
};

/** Files outside the layers' rule, with what they may reach and why. */
const exceptions: Record<string, readonly string[]> = {
  // The package's entry makes the displays register themselves and hands on the widgets; nothing else of the api knows them.
  "src/api/index.ts": ["src/display", "src/widgets"],
};

/** `import type` only: a display may name what it draws. */
const typeOnly: Record<string, readonly string[]> = {
  "src/display": [
    "src/compiler/ir",
    "src/compiler/plan",
    "src/compiler/tools",
    "src/runtime",
    "src/profile",
    "src/ops",
  ],
};

/** C++: folder below native/ → folders it may include. */
const cpp: Record<string, readonly string[]> = {
  base: [],
  memory: ["base"],
  kernels: ["base", "memory"],
  vision: ["base", "memory", "kernels"],
  device: ["base", "memory", "kernels"],
  program: ["base", "memory", "kernels", "device"],
  addon: ["base", "memory", "kernels", "vision", "device", "program"],
  // The harness; files named *_test.cc may include it wherever they lie.
  test: ["base", "memory", "kernels", "vision", "device", "program"],
};

function files(folder: string, extension: RegExp): string[] {
  const root = join(repositoryRoot, folder);
  try {
    return readdirSync(root, { recursive: true })
      .map(String)
      .filter((file) => extension.test(file))
      .map((file) => posix.join(folder, file.replaceAll("\\", "/")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function layerOf(file: string): string | undefined {
  return Object.keys(typescript)
    .filter((layer) => file.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

const allows = (allowed: readonly string[], layer: string) =>
  allowed.some((entry) => entry === layer || (entry.endsWith("/*") && layer.startsWith(entry.slice(0, -1))));

describe("layers", () => {
  const sources = [...files("src", /\.ts$/), ...files("kernel", /\.ts$/), ...files("server", /\.ts$/)];

  test("TypeScript imports go one way", () => {
    expect(sources.length).toBeGreaterThan(10);
    const broken: string[] = [];
    for (const file of sources) {
      const layer = layerOf(file);
      if (!layer) {
        broken.push(`${file}: no layer has this folder`);
        continue;
      }
      const text = readFileSync(join(repositoryRoot, file), "utf8");
      for (const [, typeKeyword, target] of text.matchAll(
        /^\s*(?:import|export)\s+(type\s)?[^;"']*?from\s+["'](\.[^"']+)["']/gm,
      )) {
        const path = relative(repositoryRoot, join(repositoryRoot, dirname(file), target!)).replaceAll("\\", "/");
        const to = layerOf(path);
        if (!to || to === layer || allows(typescript[layer]!, to) || allows(exceptions[file] ?? [], to)) continue;
        if (typeKeyword && allows(typeOnly[layer] ?? [], to)) continue;
        broken.push(`${file} imports ${path}: ${layer} may not know ${to}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("C++ includes go one way and only addon/ includes napi.h", () => {
    const broken: string[] = [];
    for (const file of files("native", /\.(cc|h|inc)$/)) {
      const layer = file.split("/")[1]!;
      const text = readFileSync(join(repositoryRoot, file), "utf8");
      for (const [, system, target] of text.matchAll(/^\s*#\s*include\s+([<"])([^>"]+)[>"]/gm)) {
        if (/^(napi|node_api|uv)\b/.test(target!) && layer !== "addon") broken.push(`${file} includes ${target}`);
        const to = target!.replace(/^native\//, "").split("/")[0]!;
        if (to === "test" && file.endsWith("_test.cc")) continue;
        if (system === '"' && to in cpp && to !== layer && !cpp[layer]?.includes(to))
          broken.push(`${file} includes ${target}: ${layer} may not know ${to}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
