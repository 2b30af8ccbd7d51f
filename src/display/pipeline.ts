/** A pipeline: its stages and what flows between them, with the state of a run where there is one. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import { formatMs } from "../base/shapes.ts";
import type { Trace } from "../runtime/trace.ts";
import { bundle, type DisplayOptions, frame, imageElement, type Picture } from "./bundle.ts";
import { enhance, packText, uniqueId } from "./enhance.ts";
import type { Card, CardGraph } from "./graph-cards.ts";
import { cardSize, drawCards, type Marker } from "./graph-draw.ts";
import { layOutCards } from "./graph-layout.ts";
import { bar, formatCount, formatShare, plural, textTable } from "./text.ts";

export type StageStatus = "idle" | "running" | "waiting" | "done" | "failed";

export interface StageDescription {
  readonly name: string;
  /** What it is: `resize`, `model det on native`, `function`. */
  readonly detail?: string;
  readonly status?: StageStatus;
  /** Items waiting before it, and how many may. */
  readonly queued?: number;
  readonly capacity?: number;
  readonly items?: number;
  readonly failed?: number;
  /** Time spent in it, all items together. */
  readonly totalMs?: number;
  /** A small picture of what last came out, PNG or JPEG. */
  readonly thumbnail?: Picture;
}

export interface PipelineDescription {
  readonly kind?: "pipeline";
  readonly name?: string;
  readonly stages: readonly StageDescription[];
  /** By names of stages. */
  readonly edges: readonly { readonly from: string; readonly to: string; readonly type?: string }[];
  readonly stats?: { readonly items?: number; readonly wallMs?: number };
}

/** A pipeline as the pipeline layer builds it: stages that read and write numbered values. */
interface WiredPipeline {
  readonly parts: {
    readonly name: string;
    readonly inputs: readonly { readonly name: string; readonly kind: string; readonly slot: number }[];
    readonly outputs: readonly { readonly name: string; readonly slot: number }[];
    readonly stages: readonly {
      readonly name: string;
      readonly about: string;
      readonly output: string;
      readonly inputSlots: readonly number[];
      readonly outputSlot: number;
    }[];
  };
}

export interface PipelineOptions extends DisplayOptions {
  /** A run's trace: items and times of its stages. */
  readonly trace?: Trace;
}

/** Inputs and outputs become stages of their own, values that flow become edges. */
function describeWired({ parts }: WiredPipeline): PipelineDescription {
  const from = new Map<number, { name: string; type: string }>();
  const stages: StageDescription[] = [];
  for (const { name, kind, slot } of parts.inputs) {
    stages.push({ name: `${name} (in)`, detail: kind });
    from.set(slot, { name: `${name} (in)`, type: kind });
  }
  for (const stage of parts.stages) {
    stages.push({ name: stage.name, detail: stage.about });
    from.set(stage.outputSlot, { name: stage.name, type: stage.output });
  }
  const edges: { from: string; to: string; type: string }[] = [];
  const connect = (slot: number, to: string) => {
    const source = from.get(slot);
    if (source) edges.push({ from: source.name, to, type: source.type });
  };
  for (const stage of parts.stages) for (const slot of stage.inputSlots) connect(slot, stage.name);
  for (const { name, slot } of parts.outputs) {
    stages.push({ name: `${name} (out)` });
    connect(slot, `${name} (out)`);
  }
  return { name: parts.name, stages, edges };
}

/** The description with what a trace says of its stages; events of nested pipelines count for the outer stage. */
function withTrace(pipeline: PipelineDescription, trace: Trace): PipelineDescription {
  const totals = new Map<string, { items: number; totalMs: number }>();
  const names = new Set(pipeline.stages.map((stage) => stage.name));
  for (const event of trace.events) {
    const name = names.has(event.node) ? event.node : event.node.split("/")[0]!;
    const total = totals.get(name) ?? { items: 0, totalMs: 0 };
    totals.set(name, { items: total.items + 1, totalMs: total.totalMs + (event.endUs - event.startUs) / 1000 });
  }
  return {
    ...pipeline,
    stages: pipeline.stages.map((stage) => ({ ...stage, ...totals.get(stage.name) })),
    stats: { ...pipeline.stats, wallMs: trace.wallUs / 1000 },
  };
}

const maxStages = 120;
const symbols: Record<StageStatus, string> = { idle: "○", running: "▶", waiting: "…", done: "✓", failed: "✗" };
const fills: Partial<Record<StageStatus, string>> = {
  running: "#cfe6f5",
  done: "#d5ecd7",
  failed: "#f7c6c3",
  waiting: "#f3ecd2",
};

function cardsOf(pipeline: PipelineDescription): { cards: CardGraph; marker: Marker } {
  const stages = pipeline.stages.slice(0, maxStages);
  const index = new Map(stages.map((stage, i) => [stage.name, i]));
  const cards: Card[] = stages.map((stage, id) => ({
    id,
    kind: "nodes",
    rows: [
      { title: clip(stage.name, 34), detail: "", nodes: [id], key: clip(stage.name, 120) },
      ...(stage.detail
        ? [{ title: clip(stage.detail, 36), detail: "", nodes: [id], key: clip(stage.detail, 120) }]
        : []),
      ...stateOf(stage).map((line) => ({ title: line, detail: "", nodes: [id], key: "" })),
    ],
  }));
  const edges = pipeline.edges.flatMap(({ from, to, type }) => {
    const [a, b] = [index.get(from), index.get(to)];
    return a === undefined || b === undefined || a === b ? [] : [{ from: a, to: b, label: type ?? "" }];
  });
  const marker: Marker = (row) => {
    const stage = stages[row.nodes[0] ?? -1];
    if (!stage || row.title !== clip(stage.name, 34)) return {};
    const fill = stage.status && fills[stage.status];
    return { ...(fill ? { fill } : {}), ...(stage.status === "failed" ? { alert: true } : {}) };
  };
  return { cards: { cards, edges, enclosure: { title: "", cards: cards.map((card) => card.id), inner: [] } }, marker };
}

function stateOf(stage: StageDescription): string[] {
  const parts: string[] = [];
  if (stage.items !== undefined) parts.push(plural(stage.items, "item"));
  if (stage.totalMs !== undefined && stage.items) parts.push(`${formatMs(stage.totalMs / stage.items)} each`);
  if (stage.queued !== undefined)
    parts.push(`queue ${stage.queued}${stage.capacity === undefined ? "" : `/${stage.capacity}`}`);
  return parts.length ? [parts.join(" · ")] : [];
}

/** The bundle of a pipeline. */
export async function displayPipeline(
  value: PipelineDescription | WiredPipeline,
  options: PipelineOptions = {},
): Promise<MimeBundle> {
  const described = "parts" in value ? describeWired(value) : value;
  const pipeline = options.trace ? withTrace(described, options.trace) : described;
  const { stages, stats } = pipeline;
  const summary = [
    `pipeline ${JSON.stringify(clip(pipeline.name ?? "pipeline", 60))}`,
    plural(stages.length, "stage"),
    stats?.items === undefined ? "" : plural(stats.items, "item"),
    stats?.wallMs === undefined ? "" : formatMs(stats.wallMs),
    stats?.items && stats.wallMs ? `${((stats.items / stats.wallMs) * 1000).toFixed(1)} items/s` : "",
  ]
    .filter(Boolean)
    .join(" · ");
  const longest = Math.max(...stages.map((stage) => stage.totalMs ?? 0), 0);
  const busy = stages.reduce((sum, stage) => sum + (stage.totalMs ?? 0), 0);
  const next = new Map<string, string[]>();
  for (const edge of pipeline.edges) {
    const list = next.get(edge.from);
    const label = `${clip(edge.to, 30)}${edge.type ? ` (${clip(edge.type, 30)})` : ""}`;
    if (list) list.push(label);
    else next.set(edge.from, [label]);
  }
  const rowOf = (stage: StageDescription, width: number) => [
    stage.status ? symbols[stage.status] : "·",
    clip(stage.name, 34),
    clip(stage.detail ?? "", 40),
    stage.items === undefined ? "" : formatCount(stage.items),
    stage.totalMs === undefined ? "" : formatMs(stage.totalMs),
    stage.totalMs === undefined ? "" : formatShare(stage.totalMs, busy),
    longest > 0 ? bar((stage.totalMs ?? 0) / longest, width) : "",
    stage.queued === undefined ? "" : `${stage.queued}${stage.capacity === undefined ? "" : `/${stage.capacity}`}`,
    stage.failed ? `${formatCount(stage.failed)} failed` : "",
    clip((next.get(stage.name) ?? []).slice(0, 4).join(", "), 80),
  ];
  const header = ["", "stage", "what", "items", "time", "share", "", "queue", "", "gives to"];
  const used = header.map((_, i) => i < 2 || stages.some((stage) => rowOf(stage, 8)[i] !== ""));
  const keep = (row: readonly string[]) => row.filter((_, i) => used[i]);
  const align = keep(["left", "left", "left", "right", "right", "right", "left", "right", "left", "left"]) as (
    | "left"
    | "right"
  )[];
  const text = [
    summary,
    textTable([keep(header), ...stages.slice(0, 30).map((stage) => keep(rowOf(stage, 8)))], align),
    ...(stages.length > 30 ? [`… ${stages.length - 30} more`] : []),
  ].join("\n");
  const id = uniqueId();
  if (stages.length === 0)
    return bundle(
      { text: `${summary} · nothing to run`, html: frame(id, html`<b>${summary}</b>: nothing to run`) },
      options,
    );
  const { cards, marker } = cardsOf(pipeline);
  const layout = await layOutCards(
    cards,
    cards.cards.map((card) => cardSize(card, marker)),
  );
  const scene = drawCards(cards, layout, marker);
  const picture = await scene.toPng({ scale: Math.max(0.5, Math.min(1, 1000 / scene.width)), colors: 24 });
  let thumbnails = 12_000;
  const thumbnail = (stage: StageDescription) => {
    if (!stage.thumbnail || (thumbnails -= stage.thumbnail.bytes.length * 1.4) < 0) return undefined;
    return imageElement(stage.thumbnail, `what ${clip(stage.name, 40)} gave`, Math.min(120, stage.thumbnail.width));
  };
  return bundle(
    {
      text,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<div>${imageElement(picture, summary)}</div>`,
        html`<table><thead><tr>${keep(header).map((name) => html`<th>${name}</th>`)}${stages.some((s) => s.thumbnail) ? html`<th>last</th>` : undefined}</tr></thead><tbody>${stages
          .slice(0, maxStages)
          .map(
            (stage) =>
              html`<tr>${keep(rowOf(stage, 10)).map((value, i) => html`<td style="text-align:${align[i]!}">${value}</td>`)}${stages.some((s) => s.thumbnail) ? html`<td>${thumbnail(stage)}</td>` : undefined}</tr>`,
          )}</tbody></table>`,
      ),
      script: enhance(id, { drawing: { svg: packText(scene.toSvg()) } }),
      picture,
    },
    options,
  );
}

registerDisplay("pipeline", displayPipeline);
