/**
 * Every display, one line each: importing this file makes the objects of the project show themselves. Below, what a cell
 * may call.
 */
import "./audio.ts";
import "./benchmark.ts";
import "./chart.ts";
import "./code-profile.ts";
import "./compare.ts";
import "./embedding.ts";
import "./engine-comparison.ts";
import "./error.ts";
import "./explore.ts";
import "./frames.ts";
import "./graph.ts";
import "./graph-diff.ts";
import "./image.ts";
import "./maps.ts";
import "./memory.ts";
import "./memory-heaps.ts";
import "./model-report.ts";
import "./memory-snapshot.ts";
import "./pipeline.ts";
import "./pipeline-comparison.ts";
import "./profile.ts";
import "./profile-comparison.ts";
import "./what-if.ts";
import "./scores.ts";
import "./simplify-report.ts";
import "./table.ts";
import "./tensor.ts";
import "./trace.ts";

export { type Chart, type PlotOptions, plot } from "./chart.ts";
export { type Comparison, compareTensors } from "./compare.ts";
export type { Overlay } from "./graph-draw.ts";
export {
  bytesOverlay,
  engineOverlay,
  errorOverlay,
  firstNotFinite,
  flopsOverlay,
  nanOverlay,
  precisionOverlay,
  timeOverlay,
} from "./graph-overlays.ts";
export type { PipelineDescription, StageDescription } from "./pipeline.ts";
export {
  audio,
  beforeAfter,
  compare,
  diff,
  embedding,
  heapMap,
  memoryPlan,
  memoryTimeline,
  scores,
  table,
  video,
} from "./values.ts";
export { type View, view } from "./view.ts";
