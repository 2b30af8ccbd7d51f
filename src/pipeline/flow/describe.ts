/** A pipeline for people: the description its display draws, and a running stream in a few lines of text. */
import { formatMs } from "../../base/shapes.ts";
import type { PipelineParts } from "./plan.ts";
import type { StageStatus, StreamStatus } from "./stream.ts";

export interface DescribedStage {
  readonly name: string;
  readonly detail: string;
  readonly status?: "idle" | "running" | "waiting" | "done" | "failed";
  /** Frames that wait in front of it, and frames it may hold. */
  readonly queued?: number;
  readonly capacity?: number;
  readonly items?: number;
  readonly failed?: number;
  readonly totalMs?: number;
}

export interface PipelineDescription {
  readonly kind: "pipeline";
  readonly name: string;
  readonly stages: readonly DescribedStage[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly type?: string }[];
  readonly stats?: { readonly items: number; readonly wallMs: number };
}

/** Stages and what flows between them; with a stream's status, what each has done. */
export function describePipeline(parts: PipelineParts, status?: StreamStatus): PipelineDescription {
  const makers = new Map<number, { name: string; kind: string }>();
  for (const { name, slot, kind } of parts.inputs) makers.set(slot, { name, kind });
  for (const { name, outputSlot, output } of parts.stages) makers.set(outputSlot, { name, kind: output });
  const inputs = parts.inputs.map(({ name }): DescribedStage => ({ name, detail: "input" }));
  const stages = parts.stages.map(({ name, about }): DescribedStage => {
    const own = status?.stages.filter(({ stage }) => stage === name || stage.startsWith(`${name}/`)) ?? [];
    if (own.length === 0) return { name, detail: about, ...(status ? { status: "idle" } : {}) };
    const sum = (of: (stage: StageStatus) => number): number => own.reduce((total, stage) => total + of(stage), 0);
    const [failed, running, queued] = [sum((s) => s.failures), sum((s) => s.running), sum((s) => s.queued)];
    const runs = Math.max(...own.map((s) => s.runs));
    return {
      name,
      detail: about,
      status: running > 0 ? "running" : failed > 0 ? "failed" : queued > 0 ? "waiting" : runs > 0 ? "done" : "idle",
      ...(running > 0 || queued > 0 ? { queued, capacity: Math.max(...own.map((s) => s.capacity)) } : {}),
      items: runs,
      failed,
      totalMs: sum((s) => s.totalMs),
    };
  });
  const edges = parts.stages.flatMap(({ name, inputSlots }) =>
    inputSlots.flatMap((slot) => {
      const from = makers.get(slot);
      return from ? [{ from: from.name, to: name, ...(from.kind === "any" ? {} : { type: from.kind }) }] : [];
    }),
  );
  const stats = status ? { stats: { items: status.framesOut, wallMs: status.elapsedMs } } : {};
  return { kind: "pipeline", name: parts.name, stages: [...inputs, ...stages], edges, ...stats };
}

/** `pipeline`, or `auto → pipeline: 10.0 ms predicted, 10.2 ms real a frame`. */
function modeText(mode: string, choice: StreamStatus["choice"]): string {
  if (!choice) return mode;
  const real = choice.realMs[choice.mode];
  const predicted = `${formatMs(choice.predictedMs[choice.mode])} predicted`;
  return `${mode} → ${choice.mode}: ${predicted}${real === undefined ? "" : `, ${formatMs(real)} real`} a frame`;
}

/**
 * A running stream as text, a line a stage:
 *
 *     ocr, pipeline: 24 frames in, 20 out in 3.1 s, 6.5/s
 *       detect      20 ×  61.2 ms  ████████████
 */
export function statusText({
  pipeline,
  mode,
  framesIn,
  framesOut,
  framesFailed,
  framesDropped,
  elapsedMs,
  stages,
  choice,
}: StreamStatus): string {
  const rate = elapsedMs > 0 ? (framesOut * 1000) / elapsedMs : 0;
  const extra = [framesFailed > 0 && `${framesFailed} failed`, framesDropped > 0 && `${framesDropped} dropped`].filter(
    Boolean,
  );
  const head = [
    `${framesIn} frames in`,
    `${framesOut} out in ${formatMs(elapsedMs)}`,
    ...extra,
    `${rate.toFixed(1)}/s`,
  ];
  const mostMs = Math.max(...stages.map((stage) => stage.totalMs), 1e-9);
  const nameWidth = Math.max(0, ...stages.map(({ stage }) => stage.length));
  const lines = stages.map(({ stage, runs, failures, totalMs, queued, running }) => {
    const mean = formatMs(runs > 0 ? totalMs / runs : 0).padStart(8);
    const bar = "█".repeat(Math.round((16 * totalMs) / mostMs));
    const now = [
      running > 0 && `${running} running`,
      queued > 0 && `${queued} waiting`,
      failures > 0 && `${failures} failed`,
    ];
    const tail = [bar, ...now.filter(Boolean)].filter(Boolean).join(" ");
    return `  ${stage.padEnd(nameWidth)} ${String(runs).padStart(6)} × ${mean}  ${tail}`.trimEnd();
  });
  return [`${pipeline}, ${modeText(mode, choice)}: ${head.join(", ")}`, ...lines].join("\n");
}
