/** What the model commands share: reading pairs such as `x=1,3,224,224`. */
import { InferlabError } from "../base/errors.ts";
import type { Shape } from "../base/shapes.ts";

/** `name=value` pairs; the last `=` parts them, since names of tensors may hold one. */
export function pairs(list: readonly string[] | undefined, option: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const item of list ?? []) {
    const at = item.lastIndexOf("=");
    if (at < 1) throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(item)}, expected name=value`);
    out[item.slice(0, at)] = item.slice(at + 1);
  }
  return out;
}

/** `x=1,3,n` → a shape by name; parts that are no numbers are symbols. */
export function shapes(list: readonly string[] | undefined, option: string): Record<string, Shape> {
  return Object.fromEntries(
    Object.entries(pairs(list, option)).map(([name, text]) => [
      name,
      text === "" ? [] : text.split(/[,x]/).map((part) => (/^\d+$/.test(part.trim()) ? Number(part) : part.trim())),
    ]),
  );
}

/** A number of bytes: `1048576`, `512k`, `1M`, `2G`. */
export function bytes(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([kKmMgG]?)i?[bB]?$/.exec(text);
  if (!match)
    throw new InferlabError("ARGUMENT", `--${option} is ${JSON.stringify(text)}, expected bytes such as 512k or 1M`);
  return Math.round(Number(match[1]) * 1024 ** ["", "k", "m", "g"].indexOf(match[2]!.toLowerCase()));
}

/** Runs a graph on ONNX Runtime where it is installed, else on the reference operators. */
export async function bestRunner() {
  const { engines } = await import("../runtime/engines.ts");
  const { compileGraph } = await import("../runtime/compile.ts");
  const { referenceRunner } = await import("../compiler/tools/compare.ts");
  const ort = engines.find((engine) => engine.name === "ort");
  if (!ort?.available().ok) return { name: "reference", run: referenceRunner };
  const run: typeof referenceRunner = async (graph, feeds) => {
    const session = await compileGraph(graph, { engine: "ort", optimize: "none" });
    try {
      return await session.run({ ...feeds });
    } finally {
      session.dispose();
    }
  };
  return { name: "ort", run };
}
