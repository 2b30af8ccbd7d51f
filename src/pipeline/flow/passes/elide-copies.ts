/** What one worker gives and only one other takes: moved from thread to thread, not copied. */
import type { Stage } from "../stage.ts";
import { workerCall } from "../worker.ts";
import { type PipelinePass, readers } from "./pass.ts";

/** Nodes that always give memory of their own, whatever they are given. */
const givesOwnMemory: ReadonlySet<string> = new Set(["resize", "crop", "toTensor", "warpPerspective"]);

const isFresh = ({ source, options }: Stage): boolean =>
  (source.kind === "function" && options.worker !== undefined && options.worker !== false) ||
  (source.kind === "node" && givesOwnMemory.has(source.node)) ||
  (source.kind === "pass" && source.pass === "fuse-preprocess");

/** Stages that send their inputs once: one that may try again needs them again. */
const sendsOnce = ({ options }: Stage): boolean => (options.retry ?? 0) === 0 && options.fallback === undefined;

export const elideCopies: PipelinePass = {
  name: "elide-copies",
  about: "moves memory to a worker instead of copying it where nobody else reads it",
  class: "exact",
  run(parts, note) {
    const read = readers(parts);
    const makers = new Map(parts.stages.map((stage) => [stage.outputSlot, stage]));
    const stages = parts.stages.map((stage): Stage => {
      const { source, options } = stage;
      if (source.kind !== "function" || !options.worker || !sendsOnce(stage) || stage.moved) return stage;
      const moved = new Set<number>();
      stage.inputSlots.forEach((slot, i) => {
        const maker = makers.get(slot);
        if (!maker || !isFresh(maker) || read.get(slot)!.length > 1) return;
        moved.add(i);
        note(`what "${maker.name}" gives moves to the worker of "${stage.name}"`);
      });
      if (moved.size === 0) return stage;
      const worker = options.worker instanceof URL ? options.worker.href : options.worker;
      return { ...stage, moved, call: workerCall(stage.name, source.work, worker, options.parameters, moved) };
    });
    return stages.every((stage, i) => stage === parts.stages[i]) ? parts : { ...parts, stages };
  },
};
