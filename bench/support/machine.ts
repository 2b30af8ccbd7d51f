/** What a ratio of two engines depends on: the machine, and the rival's version. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { loadAddon } from "../../src/runtime/native/addon.ts";

export interface Machine {
  /** Name, family, model and stepping: hypervisors give many processors one name. */
  readonly cpu: string;
  /** Instruction set of the native kernels. */
  readonly isa: string;
  /** Sizes of a CPU's caches, by level. */
  readonly caches: string;
  readonly ort: string;
}

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

/** Errors: where there is no addon. */
export function thisMachine(): Machine {
  const found = loadAddon();
  if (!found.ok) throw new Error(`no native engine to measure: ${found.reason}`);
  const info = textOf("/proc/cpuinfo");
  const fact = (name: string): string => new RegExp(`^${name}\\s*: (.*)$`, "m").exec(info)?.[1] ?? "?";
  const numbers = info ? ` ${fact("cpu family")}/${fact("model")}/${fact("stepping")}` : "";
  const caches: string[] = [];
  for (let i = 0; ; i++) {
    const folder = `/sys/devices/system/cpu/cpu0/cache/index${i}`;
    if (!existsSync(`${folder}/size`)) break;
    if (textOf(`${folder}/type`).trim() !== "Instruction")
      caches.push(`L${textOf(`${folder}/level`).trim()} ${textOf(`${folder}/size`).trim()}`);
  }
  const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
  return {
    cpu: `${cpus()[0]?.model ?? "?"}${numbers}`,
    isa: found.addon.isa,
    caches: caches.join(", ") || "?",
    ort: version,
  };
}

export const isSameMachine = (a: Machine, b: Machine): boolean =>
  a.cpu === b.cpu && a.isa === b.isa && a.caches === b.caches && a.ort === b.ort;
