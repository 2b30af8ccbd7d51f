/** Chains of crop, toRgb and resize that end in toTensor: one stage, no pictures in between. */
import type { Image } from "../../../base/image.ts";
import { library } from "../../nodes/library.ts";
import { checkNodeOptions } from "../../nodes/node.ts";
import { type PreprocessStep, preprocess } from "../../nodes/preprocess.ts";
import type { PipelineParts } from "../plan.ts";
import type { Stage, StageCall } from "../stage.ts";
import { type PipelinePass, readers } from "./pass.ts";

const before = new Set(["crop", "toRgb", "resize"]);

const nodeOf = ({ source }: Stage): string | undefined => (source.kind === "node" ? source.node : undefined);

/** Nothing but parameters: a stage with a time limit, a batch or another attempt keeps its own place. */
const isPlain = ({ options }: Stage): boolean =>
  Object.entries(options).every(([key, value]) => key === "parameters" || key === "pure" || value === undefined);

function hasGoodOptions(stage: Stage): boolean {
  try {
    checkNodeOptions(library[nodeOf(stage) as keyof typeof library].definition, stage.options.parameters ?? {});
    return true;
  } catch {
    // What is wrong is said when the stage runs.
    return false;
  }
}

/** The chain that ends in `last`, first stage first; only `last` may be read by others. */
function chainTo(last: Stage, parts: PipelineParts): Stage[] {
  const read = readers(parts);
  const chain = [last];
  for (;;) {
    const [slot] = chain[0]!.inputSlots;
    const maker = parts.stages.find((stage) => stage.outputSlot === slot);
    if (!maker || !before.has(nodeOf(maker) ?? "") || read.get(maker.outputSlot)!.length > 1) return chain;
    if (!isPlain(maker) || !hasGoodOptions(maker)) return chain;
    chain.unshift(maker);
  }
}

/** One pass over the pixels; where it cannot, the stages one after the other, so that errors are the stages' own. */
function fusedCall(chain: readonly Stage[]): StageCall {
  const run = preprocess(
    chain.map((stage) => ({ node: nodeOf(stage), options: stage.options.parameters ?? {} }) as PreprocessStep),
  );
  return ([image], context, around) => {
    if ((image as Image | undefined)?.kind === "image") {
      try {
        return run(image as Image);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
    }
    return chain.reduce((value, stage) => stage.call([value], context, around), image as unknown);
  };
}

export const fusePreprocess: PipelinePass = {
  name: "fuse-preprocess",
  about: "makes one stage of crop, toRgb, resize and toTensor in a row: one pass over the pixels",
  class: "exact",
  run(parts, note) {
    let result = parts;
    for (const last of parts.stages) {
      if (nodeOf(last) !== "toTensor" || !isPlain(last) || !hasGoodOptions(last)) continue;
      const chain = chainTo(last, result);
      if (chain.length === 1) continue;
      const names = chain.map(({ name }) => name).join(" + ");
      note(`"${names}" are one pass over the pixels`);
      const fused: Stage = {
        ...last,
        name: names,
        about: `pre-processing ${chain.map(nodeOf).join(" + ")}`,
        inputSlots: chain[0]!.inputSlots,
        call: fusedCall(chain),
        options: {},
        source: { kind: "pass", pass: "fuse-preprocess", pure: true },
      };
      const gone = new Set(chain.slice(0, -1));
      result = {
        ...result,
        stages: result.stages.filter((stage) => !gone.has(stage)).map((stage) => (stage === last ? fused : stage)),
      };
    }
    return result;
  },
};
