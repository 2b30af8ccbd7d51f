/** Stages whose results nobody reads. */
import { isPure, type PipelinePass, readers } from "./pass.ts";

export const dead: PipelinePass = {
  name: "dead",
  about: "drops pure stages that no output depends on, and constants nobody reads",
  class: "exact",
  run(parts, note) {
    let { stages } = parts;
    for (;;) {
      const read = readers({ ...parts, stages });
      const kept = stages.filter((stage) => read.has(stage.outputSlot) || !isPure(stage));
      if (kept.length === stages.length) break;
      for (const stage of stages) if (!kept.includes(stage)) note(`"${stage.name}" is not read by anything`);
      stages = kept;
    }
    const read = readers({ ...parts, stages });
    const constants = parts.constants.filter(({ slot }) => read.has(slot));
    if (stages === parts.stages && constants.length === parts.constants.length) return parts;
    return { ...parts, stages, constants };
  },
};
