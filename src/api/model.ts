/** Model: a graph with what one does to it: compile, simplify, look, save. */
import { fileURLToPath } from "node:url";
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { formatValueType } from "../base/value-type.ts";
import { type ReadModelOptions, readModel } from "../compiler/formats/read.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { inferShapes } from "../compiler/ir/infer.ts";
import { type SaveOnnxOptions, saveOnnx, writeOnnx } from "../compiler/onnx/write.ts";
import { diffGraphs, type GraphDiff } from "../compiler/tools/diff.ts";
import { type GraphReport, inspectGraph } from "../compiler/tools/inspect.ts";
import { type SimplifyOptions, type SimplifyReport, simplifyGraph } from "../compiler/tools/simplify.ts";
import { compileGraph } from "../runtime/compile.ts";
import type { CompileOptions } from "../runtime/engine.ts";
import type { Port } from "../runtime/feeds.ts";
import type { Session } from "../runtime/session.ts";

export class Model {
  /** The graph itself; a pass or a tool may be run on a clone of it. */
  readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /**
   * A model from a file (path or file: URL) or from bytes: ONNX, TFLite, or the model.json of TensorFlow.js. The format is
   * told by content. Weights of ONNX files are read when needed.
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
    const graph = readModel(source instanceof URL ? fileURLToPath(source) : source, options);
    inferShapes(graph);
    return new Model(graph);
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
    return compileGraph(this.graph, options);
  }

  /**
   * A simplified copy in standard ONNX, and a report: a before/after table and the log of rewrites.
   *
   * Errors: ARGUMENT for a pass, input or output that does not exist; those of inference where the graph cannot run.
   *
   * @example
   * const { model: small, report } = await model.simplify();
   * console.log(report.toString());
   */
  async simplify(options?: SimplifyOptions): Promise<{ model: Model; report: SimplifyReport }> {
    const { graph, report } = simplifyGraph(this.graph, options);
    return { model: new Model(graph), report };
  }

  /** Inputs, outputs, opsets, operators, parameters, multiply-adds and memory, per layer too. */
  inspect(): GraphReport {
    return inspectGraph(this.graph);
  }

  /** What another model has that this one has not, and the other way round: nodes matched by name and structure. */
  diff(other: Model): GraphDiff {
    return diffGraphs(this.graph, other.graph);
  }

  /**
   * Writes the model as an ONNX file, whole or not at all; weights beyond 2 GiB, or where asked, go beside it.
   *
   * Errors: FILE where it cannot be written, UNSUPPORTED for one file larger than ONNX can hold.
   */
  async save(path: string, options?: SaveOnnxOptions): Promise<void> {
    saveOnnx(this.graph, path, options);
  }

  /** The model as an ONNX file's bytes. */
  toBytes(): Uint8Array {
    return writeOnnx(this.graph);
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
