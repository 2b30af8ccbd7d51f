/** Model: a graph with what one does to it: compile, simplify, look, save. */
import { fileURLToPath } from "node:url";
import { type Displayed, display, displaySymbol, withDisplay } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { formatValueType } from "../base/value-type.ts";
import { type ReadModelOptions, readModelContent } from "../compiler/formats/read.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { type InferOptions, inferShapes } from "../compiler/ir/infer.ts";
import type { NnlPlan } from "../compiler/nnl/read.ts";
import { type StoredPlan, saveNnl, writeNnl } from "../compiler/nnl/write.ts";
import { type SaveOnnxOptions, saveOnnx, writeOnnx } from "../compiler/onnx/write.ts";
import {
  type Certificate,
  type CertifyOptions,
  certificatePath,
  saveCertificate,
} from "../compiler/tools/certificate.ts";
import { diffGraphs, type GraphDiff } from "../compiler/tools/diff.ts";
import { editGraph, type GraphEditor } from "../compiler/tools/edit-graph.ts";
import { type GraphReport, inspectGraph } from "../compiler/tools/inspect.ts";
import { type SimplifyOptions, type SimplifyReport, simplifyGraph } from "../compiler/tools/simplify.ts";
import { bestRunner } from "../runtime/best-runner.ts";
import { compileGraph, prepareGraph } from "../runtime/compile.ts";
import type { CompileOptions } from "../runtime/engine.ts";
import type { Port } from "../runtime/feeds.ts";
import type { Session } from "../runtime/session.ts";
import { type TimeOptions, timeGraphs } from "../runtime/time-graphs.ts";

export interface ModelSimplifyOptions extends SimplifyOptions {
  /** Compare both models on so many random inputs, or with these options. */
  check?: number | CertifyOptions;
  /** Measure how long a run takes before and after, on the default engine or with these options. */
  time?: boolean | TimeOptions;
}

export interface Simplified {
  readonly model: Model;
  readonly report: SimplifyReport;
  /** What `check` found. */
  readonly certificate: Certificate | undefined;
}

/** How a model is written: ONNX, or `.nnl` where the path ends so or `format` says it. */
export interface SaveOptions extends SaveOnnxOptions {
  format?: "onnx" | "nnl";
  /** `.nnl` only: the compilations to keep in the file, so that `compile()` with the same options starts from them. */
  plans?: readonly Pick<CompileOptions, "engine" | "optimize">[];
  /** Written beside the model. */
  certificate?: Certificate;
}

export class Model {
  /** The graph itself; a pass or a tool may be run on a clone of it. */
  readonly graph: Graph;
  private readonly plans: readonly NnlPlan[];
  private readonly prepared = new Map<string, Graph>();

  /** `plans` are those of an `.nnl` file. */
  constructor(graph: Graph, plans: readonly NnlPlan[] = []) {
    this.graph = graph;
    this.plans = plans;
  }

  /**
   * A model from a file (path or file: URL) or from bytes: ONNX, .nnl, TFLite, or the model.json of TensorFlow.js. The format is
   * told by content. Weights are read when needed.
   *
   * Errors: FILE where the file cannot be read, MODEL_FORMAT, MODEL_TRUNCATED or MODEL_INVALID for what is in it,
   * EXTERNAL_DATA for weights that are missing or outside the model's folder; of TensorFlow's formats UNKNOWN_OPERATOR and
   * UNSUPPORTED, naming what is not read.
   *
   * @example
   * const model = await Model.load("det.onnx");
   * const selfie = await Model.load("selfie_segmentation.tflite");
   */
  static async load(source: string | URL | Uint8Array, options?: ReadModelOptions): Promise<Model> {
    if (!(typeof source === "string" || source instanceof URL || source instanceof Uint8Array))
      throw new InferlabError("ARGUMENT", "source is no path, file: URL or Uint8Array");
    const { graph, plans } = readModelContent(source instanceof URL ? fileURLToPath(source) : source, options);
    inferShapes(graph);
    return new Model(graph, plans);
  }

  get name(): string {
    return this.graph.name;
  }

  get inputs(): readonly Port[] {
    return this.graph.inputs.map(({ name, type }) => ({ name, type }));
  }

  get outputs(): readonly Port[] {
    return this.graph.outputs.map(({ name, type }) => ({ name, type }));
  }

  /**
   * A session on an engine: `native` where there is an addon, else `reference`; `ort` where asked for.
   *
   * Errors: ENGINE for an unknown or unusable engine, ARGUMENT for a bad option.
   */
  compile(options?: CompileOptions): Promise<Session> {
    return compileGraph(this.graph, options, (key) => {
      const plan = this.plans.find((candidate) => candidate.key === key);
      if (plan && !this.prepared.has(key)) this.prepared.set(key, plan.read());
      return this.prepared.get(key);
    });
  }

  /**
   * A simplified copy in standard ONNX, and a report: a before/after table and the log of rewrites. `check` compares both
   * models on so many random inputs, `time` measures a run of each.
   *
   * Errors: ARGUMENT for a pass, input or output that does not exist; PASS where a pass of one's own breaks a promise; those
   * of inference where the graph cannot run.
   *
   * @example
   * const { model: small, report } = await model.simplify({ check: 3, time: true });
   * console.log(report.toString());
   */
  async simplify(options: ModelSimplifyOptions = {}): Promise<Simplified> {
    const { check, time, ...rest } = options;
    const { graph, report } = simplifyGraph(this.graph, rest);
    if (check) {
      const { name, run } = bestRunner();
      await report.certify({ engine: name, run, ...(typeof check === "number" ? { samples: check } : check) });
    }
    if (time) report.time = await timeGraphs(this.graph, graph, time === true ? {} : time);
    return { model: new Model(graph), report, certificate: report.certificate };
  }

  /**
   * An edited copy: nodes removed, inserted, replaced, values renamed. The model itself stays as it is.
   *
   * Errors: ARGUMENT for names that do not exist or are taken, UNKNOWN_OPERATOR, ATTRIBUTE, SHAPE, DTYPE or MODEL_INVALID where
   * the edited model could not run; each names the edit and the node.
   *
   * @example
   * const scored = model.edit((e) => e.remove("dropout").insert("Softmax", { after: "logits" }).rename("x", "image"));
   */
  edit(change: (editor: GraphEditor) => unknown): Model {
    return new Model(editGraph(this.graph, change));
  }

  /** Inputs, outputs, opsets, operators, parameters, multiply-adds and memory, per layer too. */
  inspect(options?: Pick<InferOptions, "inputShapes">): GraphReport {
    return withDisplay("model-report", inspectGraph(this.graph, options));
  }

  /** What another model has that this one has not, and the other way round: nodes matched by name and structure. */
  diff(other: Model): GraphDiff & { readonly before: Graph; readonly after: Graph } {
    const [before, after] = [this.graph, other.graph];
    return withDisplay("graph-diff", { ...diffGraphs(before, after), before, after });
  }

  /**
   * Writes the model, whole or not at all: as `.nnl` where the path ends so, else as ONNX, whose weights beyond 2 GiB, or
   * where asked, go beside it, and so does a certificate (`small.certificate.json`).
   *
   * Errors: FILE where it cannot be written, UNSUPPORTED for one ONNX file larger than it can be, ARGUMENT for plans in an
   * ONNX file.
   *
   * @example
   * await model.save("det.nnl", { plans: [{ engine: "native" }] });
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    const format = options.format ?? (/\.nnl$/i.test(path) ? "nnl" : "onnx");
    if (format === "nnl") saveNnl(this.graph, path, this.planned(options));
    else if (options.plans)
      throw new InferlabError("ARGUMENT", "an ONNX file holds no plans", { hint: "save as .nnl" });
    else saveOnnx(this.graph, path, options);
    if (options.certificate) saveCertificate(options.certificate, certificatePath(path));
  }

  private planned({ plans = [] }: SaveOptions): StoredPlan[] {
    return plans.map((plan) => prepareGraph(this.graph, plan));
  }

  /** The model as the bytes of a file: ONNX, or `.nnl`. */
  toBytes(options: Pick<SaveOptions, "format" | "plans"> = {}): Uint8Array {
    return options.format === "nnl" ? writeNnl(this.graph, this.planned(options)) : writeOnnx(this.graph);
  }

  /** One line an input and output. */
  toString(): string {
    const port = ({ name, type }: Port) => `${name}: ${type ? formatValueType(type) : "?"}`;
    return `${this.name}(${this.inputs.map(port).join(", ")}) → ${this.outputs.map(port).join(", ")}`;
  }

  [displaySymbol](): Displayed {
    return display("graph", this.graph) ?? { "text/plain": this.toString() };
  }
}
