/** Stages of a graph whose programs are loaded, kept by the shapes they were made for. */
import type { Graph, Value } from "../../compiler/ir/graph.ts";
import { type Stage, valuesRead } from "../../compiler/program/stage.ts";
import type { NativeProgram } from "./addon.ts";

/** Specialisations kept at each point; the one not used for longest goes first. */
const maxStages = 32;

export interface LoadedStage {
  readonly stage: Stage;
  /** By step; undefined for a reference node. */
  readonly programs: readonly (NativeProgram | undefined)[];
  /** By step: names of values that nothing after it needs. */
  readonly releases: readonly (readonly string[])[];
  /** Stages after the cut, by what was found. */
  readonly next: StageCache;
  /** By position behind the cut: what the nodes from there on and the graph's outputs take from before. */
  readonly needed: Map<number, readonly Value[]>;
}

/** Least recently used first. */
export class StageCache {
  private readonly stages = new Map<string, Promise<LoadedStage>>();

  get(key: string): Promise<LoadedStage> | undefined {
    const found = this.stages.get(key);
    if (found) {
      this.stages.delete(key);
      this.stages.set(key, found);
    }
    return found;
  }

  set(key: string, stage: Promise<LoadedStage>): void {
    this.stages.set(key, stage);
    stage.catch(() => this.stages.delete(key));
    if (this.stages.size > maxStages) this.stages.delete(this.stages.keys().next().value!);
  }

  clear(): void {
    this.stages.clear();
  }
}

/** By step: values made or taken in the stage that neither a later step nor anybody after the stage reads. */
export function releasesOf({ graph, steps, cut }: Stage): string[][] {
  const kept = new Set<string>(graph.outputs.map(({ name }) => name));
  for (let i = cut ?? graph.nodes.length; i < graph.nodes.length; i++)
    for (const { name } of valuesRead(graph.nodes[i]!)) kept.add(name);
  const releases: string[][] = steps.map(() => []);
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]!;
    const touched: Value[] =
      step.kind === "program"
        ? [...step.segment.inputs, ...step.segment.outputs.map(({ value }) => value)]
        : [...valuesRead(step.node), ...step.node.outputs.filter((value) => value !== undefined)];
    for (const { name } of touched) {
      if (kept.has(name)) continue;
      kept.add(name);
      releases[i]!.push(name);
    }
  }
  return releases;
}

/** Values that nodes from `start` on, or whoever runs the graph, read and that may have been made before. */
export function neededFrom(graph: Graph, start: number): readonly Value[] {
  const needed = new Set<Value>(graph.outputs);
  const later = new Set<Value>();
  for (let i = start; i < graph.nodes.length; i++) {
    const node = graph.nodes[i]!;
    for (const value of valuesRead(node)) needed.add(value);
    for (const value of node.outputs) if (value) later.add(value);
  }
  return [...needed].filter((value) => !value.isConstant && !later.has(value));
}
