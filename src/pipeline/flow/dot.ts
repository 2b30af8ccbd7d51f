/** A pipeline as Graphviz source: stages as boxes, nested pipelines and the bodies of loops as clusters. */
import type { PipelineParts } from "./plan.ts";
import type { RunsNested, StageSource } from "./stage.ts";

const quote = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

const shapes: Partial<Record<StageSource["kind"], string>> = {
  if: "diamond",
  switch: "diamond",
  while: "hexagon",
  for: "hexagon",
  map: "parallelogram",
  reduce: "parallelogram",
  session: "box3d",
};

export function pipelineToDot(parts: PipelineParts): string {
  return [
    `digraph ${quote(parts.name)} {`,
    "  rankdir=LR;",
    '  node [shape=box, fontname="sans-serif"];',
    ...body(parts, "", "  "),
    "}",
    "",
  ].join("\n");
}

/** Lines of one pipeline; ids are the stages' paths, so that clusters do not mix them up. */
function body(parts: PipelineParts, prefix: string, indent: string): string[] {
  const lines: string[] = [];
  const makers = new Map<number, string>();
  for (const { name, slot } of parts.inputs) {
    const id = `${prefix}in:${name}`;
    makers.set(slot, id);
    lines.push(`${indent}${quote(id)} [label=${quote(name)}, shape=ellipse];`);
  }
  for (const stage of parts.stages) {
    const id = prefix + stage.name;
    makers.set(stage.outputSlot, id);
    const shape = shapes[stage.source.kind];
    const label = stage.about === "function" ? stage.name : `${stage.name}\n${stage.about}`;
    lines.push(`${indent}${quote(id)} [label=${quote(label)}${shape ? `, shape=${shape}` : ""}];`);
    for (const [branch, inner] of branchesOf(stage.source)) {
      const path = `${id}/${branch}`;
      lines.push(`${indent}subgraph ${quote(`cluster_${path}`)} {`, `${indent}  label=${quote(branch)};`);
      lines.push(...body(inner.parts, `${path}/`, `${indent}  `), `${indent}}`);
      const first = inner.parts.inputs[0];
      if (first) lines.push(`${indent}${quote(id)} -> ${quote(`${path}/in:${first.name}`)} [style=dotted];`);
    }
  }
  for (const stage of parts.stages)
    for (const slot of stage.inputSlots) {
      const from = makers.get(slot);
      if (from) lines.push(`${indent}${quote(from)} -> ${quote(prefix + stage.name)};`);
    }
  for (const { name, slot } of parts.outputs) {
    const id = `${prefix}out:${name}`;
    lines.push(`${indent}${quote(id)} [label=${quote(name)}, shape=ellipse];`);
    if (makers.has(slot)) lines.push(`${indent}${quote(makers.get(slot)!)} -> ${quote(id)};`);
  }
  return lines;
}

/** The pipelines a stage holds, by what they are for. */
export function branchesOf(source: StageSource): [string, RunsNested][] {
  if (source.kind === "pipeline") return [[source.pipeline.name, source.pipeline]];
  if ("branches" in source) return Object.entries(source.branches) as [string, RunsNested][];
  return [];
}
