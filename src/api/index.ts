/**
 * What a cell imports: `import { tensor, Model, graph } from "inferlab"`. The displays among it make every object of the
 * project show itself.
 */

export type { DType } from "../base/dtypes.ts";
export { InferlabError } from "../base/errors.ts";
export { Image } from "../base/image.ts";
export { type MapElement, type MapKey, MapValue } from "../base/map-value.ts";
export type { Dim, Shape } from "../base/shapes.ts";
export { Sound } from "../base/sound.ts";
export { type OptionalValue, type RuntimeValue, type SequenceValue, Tensor } from "../base/tensor.ts";
export { type Index, View } from "../base/view.ts";
export { nodePass, type Pass } from "../compiler/passes/pass.ts";
export { type Match, type Rule, rulePass } from "../compiler/passes/rule.ts";
export type { MemoryPlan, PlanBuffer, PlanOptions } from "../compiler/plan/plan-memory.ts";
export { planMemory } from "../compiler/plan/plan-memory.ts";
export { type Certificate, recheck } from "../compiler/tools/certificate.ts";
export { checkPass } from "../compiler/tools/check-pass.ts";
export { GraphEditor } from "../compiler/tools/edit-graph.ts";
export { SimplifyReport } from "../compiler/tools/simplify.ts";
export * from "../display/index.ts";
export { type Face, type FaceNets, faceNets, facesPipeline, hideFaces } from "../pipeline/apps/faces.ts";
export { fetchPackage, packageFile } from "../pipeline/apps/packages.ts";
export { portraitNet, portraitPipeline } from "../pipeline/apps/portrait.ts";
export { type Joint, poseNets, posePipeline } from "../pipeline/apps/pose.ts";
export { restoreNets, restorePipeline } from "../pipeline/apps/restore.ts";
export { findSpeech, type SpeechSegment, speechNet, speechPipeline } from "../pipeline/apps/speech.ts";
export { trackDetector, trackPipeline } from "../pipeline/apps/track.ts";
export { statusText } from "../pipeline/flow/describe.ts";
export { pipelineFromJson } from "../pipeline/flow/json-read.ts";
export { inspectNndeploy, pipelineFromNndeploy } from "../pipeline/flow/nndeploy.ts";
export { passLogText } from "../pipeline/flow/passes/optimize.ts";
export { type Pipeline, pipeline } from "../pipeline/flow/pipeline.ts";
export { Pool } from "../pipeline/flow/pool.ts";
export { port } from "../pipeline/flow/port.ts";
export { Interleaving } from "../pipeline/flow/replay.ts";
export { type Resource, resource } from "../pipeline/flow/resource.ts";
export type { Checkpoint } from "../pipeline/flow/state.ts";
export { decodeImage as image } from "../pipeline/media/decode.ts";
export { encodeImage, saveImage } from "../pipeline/media/encode.ts";
export { photographPage } from "../pipeline/media/photograph-page.ts";
export { OverlapAddStream } from "../pipeline/nodes/audio/overlap-add-stream.ts";
export { NoiseSuppressor } from "../pipeline/nodes/audio/suppress-noise.ts";
export { library as nodes } from "../pipeline/nodes/library.ts";
export { ocrModelPaths } from "../pipeline/ocr/models.ts";
export { createReader, type OcrResult, ocr } from "../pipeline/ocr/ocr.ts";
export { type Hota, hota } from "../pipeline/tracking/hota.ts";
export { KalmanFilter, type KalmanModel } from "../pipeline/tracking/kalman-filter.ts";
export { type TrackingMetrics, trackingMetrics } from "../pipeline/tracking/metrics.ts";
export type { SavedTracker } from "../pipeline/tracking/saved-tracker.ts";
export { type TrackableBox, type TrackedBox, Tracker, type TrackerOptions } from "../pipeline/tracking/tracker.ts";
export * from "../profile/index.ts";
export type {
  AutotuneOptions,
  CompileOptions,
  EngineStats,
  HeapReport,
  HeapUse,
  InstructionReport,
  RunOptions,
} from "../runtime/engine.ts";
export type { Feeds, PlainMap } from "../runtime/feeds.ts";
export { Session, type SessionStats } from "../runtime/session.ts";
export type { Trace, TraceEvent } from "../runtime/trace.ts";
export * from "../widgets/index.ts";
export { type CustomOperator, type CustomOperatorSpec, defineOperator } from "./custom.ts";
export { loadTensors, saveTensors } from "./files.ts";
export { GraphBuilder, GraphValue, graph, type LoopStep } from "./graph.ts";
export {
  type MemoryDifference,
  type MemoryEvent,
  type MemoryRecording,
  type MemorySnapshot,
  memory,
} from "./memory.ts";
export { Model } from "./model.ts";
export { init, type Module, module } from "./module.ts";
export { optional, sequence, tensor } from "./tensor.ts";
export { fromOrt, imageFromTensor, tensorFromImage, toOrt } from "./tensor-methods.ts";
export type { DTypeOf, ShapeOf, TensorLike, ValueLike } from "./typing.ts";
