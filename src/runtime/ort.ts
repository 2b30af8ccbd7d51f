/**
 * Engine "ort": ONNX Runtime through the optional package `onnxruntime-node`. It gets the graph as an ONNX file in
 * memory and optimises it itself; our passes do not run, so that comparing engines compares whole stacks.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Ort from "onnxruntime-node";
import type { DataArray, DType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { Tensor } from "../base/tensor.ts";
import type { Graph, Value } from "../compiler/ir/graph.ts";
import { writeOnnx } from "../compiler/onnx/write.ts";
import type { Engine, EngineSession, InstructionReport, PreparedOptions, RunOptions, Values } from "./engine.ts";
import { compileAroundMaps } from "./ort-maps.ts";
import { readOrtProfile } from "./ort-profile.ts";
import type { Trace, TraceEvent } from "./trace.ts";

/** Element types its JavaScript API can carry. Others abort the process or come back wrong, so they are refused here. */
const carried: readonly DType[] = [
  "float32",
  "float64",
  "float16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
  "string",
];

const require = createRequire(import.meta.url);
let loaded: typeof Ort | undefined;

function load(): typeof Ort {
  loaded ??= require("onnxruntime-node") as typeof Ort;
  return loaded;
}

function toOrt(name: string, value: Values[string]): Ort.Tensor {
  if (value.kind !== "tensor" || !carried.includes(value.dtype)) {
    const found = value.kind === "tensor" ? value.dtype : value.kind;
    throw new InferlabError(
      "UNSUPPORTED",
      `input ${JSON.stringify(name)} is ${found}, which engine "ort" cannot carry`,
    );
  }
  return new (load().Tensor)(value.dtype as "float32", value.data as Float32Array, value.shape);
}

function fromOrt(value: Ort.Tensor): Tensor {
  return new Tensor(value.type as DType, value.dims, value.data as DataArray);
}

const message = (error: unknown) => (error instanceof Error ? error.message : String(error));

class OrtSession implements EngineSession {
  private readonly graph: Graph;
  private readonly options: PreparedOptions;
  private readonly session: Ort.InferenceSession;
  private report: InstructionReport[] = [];

  constructor(graph: Graph, options: PreparedOptions, session: Ort.InferenceSession) {
    this.graph = graph;
    this.options = options;
    this.session = session;
  }

  static async create(graph: Graph, options: PreparedOptions, profile?: string): Promise<Ort.InferenceSession> {
    for (const value of [...graph.inputs, ...graph.outputs]) refuse(value);
    try {
      return await load().InferenceSession.create(writeOnnx(graph), {
        executionProviders: ["cpu"],
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        graphOptimizationLevel: options.optimize === "none" ? "disabled" : "all",
        logSeverityLevel: 4,
        ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
      });
    } catch (error) {
      throw new InferlabError("ENGINE", `engine "ort" refuses "${graph.name}": ${message(error)}`, { cause: error });
    }
  }

  run(feeds: Values, options?: RunOptions): Promise<Values> {
    return this.runOn(this.session, feeds, options);
  }

  /** ORT cannot stop a run: a signal that fires meanwhile is honoured when the run has ended. */
  private async runOn(session: Ort.InferenceSession, feeds: Values, options?: RunOptions): Promise<Values> {
    const inputs: Record<string, Ort.Tensor> = {};
    for (const [name, value] of Object.entries(feeds)) inputs[name] = toOrt(name, value);
    let results: Ort.InferenceSession.ReturnType;
    try {
      results = await session.run(inputs);
    } catch (error) {
      throw new InferlabError("ENGINE", `engine "ort" failed on "${this.graph.name}": ${message(error)}`, {
        cause: error,
      });
    }
    if (options?.signal?.aborted) throw new InferlabError("CANCELLED", `run of "${this.graph.name}" was cancelled`);
    const outputs: Values = {};
    for (const [name, value] of Object.entries(results)) outputs[name] = fromOrt(value as Ort.Tensor);
    return outputs;
  }

  async trace(feeds: Values, options: RunOptions = {}): Promise<{ outputs: Values; trace: Trace }> {
    const { outputs, traces } = await this.profiled(feeds, 1, options);
    return { outputs, trace: traces.at(-1)! };
  }

  async traceRuns(feeds: Values, count: number, options: RunOptions = {}): Promise<readonly Trace[]> {
    return (await this.profiled(feeds, count, options)).traces;
  }

  /** Runs a second session that profiles and, where tensors are captured, names them as outputs. */
  private async profiled(
    feeds: Values,
    count: number,
    options: RunOptions,
  ): Promise<{ outputs: Values; traces: Trace[] }> {
    const { graph } = this;
    const captured = captureOutputs(graph, options.capture);
    const folder = await mkdtemp(join(tmpdir(), "inferlab-ort-"));
    try {
      const session = await OrtSession.create(graphWithOutputs(graph, captured), this.options, join(folder, "profile"));
      let all: Values = {};
      const wallsUs: number[] = [];
      try {
        await this.runOn(session, feeds, options); // the first run allocates
        for (let run = 0; run < count; run++) {
          const started = performance.now();
          all = await this.runOn(session, feeds, options);
          wallsUs.push((performance.now() - started) * 1000);
        }
      } finally {
        (session as unknown as { endProfiling(): void }).endProfiling();
        await session.release();
      }
      const runs = await readProfiles(folder);
      const tensors = new Map<string, Tensor>();
      const outputs: Values = {};
      for (const [name, value] of Object.entries(all)) {
        if (captured.has(name) && value.kind === "tensor") tensors.set(name, value);
        if (this.graph.outputNames.includes(name)) outputs[name] = value;
      }
      const traces = wallsUs.map((wallUs, run): Trace => {
        const events = runs[runs.length - count + run] ?? [];
        return { engine: "ort", graph: graph.name, threads: this.options.threads, wallUs, events, tensors };
      });
      this.report = traces.at(-1)!.events.map((event, index) => ({
        ...event,
        index,
        reason: "chosen by ONNX Runtime",
      }));
      return { outputs, traces };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** ORT says what it runs only when it profiles: the instructions of the last trace(). */
  explain(): readonly InstructionReport[] {
    return this.report;
  }

  dispose(): void {
    void this.session.release();
  }
}

function refuse(value: Value): void {
  const dtype = value.type?.kind === "tensor" ? value.type.dtype : value.type?.kind;
  if (dtype && !carried.includes(dtype as DType))
    throw new InferlabError("UNSUPPORTED", `"${value.name}" is ${dtype}, which engine "ort" cannot carry`);
}

/** Names of the captured values that its API can carry. */
function captureOutputs(graph: Graph, capture: RunOptions["capture"]): Map<string, Value> {
  const captured = new Map<string, Value>();
  if (!capture) return captured;
  for (const node of graph.nodes) {
    for (const value of node.outputs) {
      if (!value || (capture !== "all" && !capture.includes(value.name))) continue;
      if (value.type?.kind === "tensor" && carried.includes(value.type.dtype)) captured.set(value.name, value);
    }
  }
  return captured;
}

/** A view of the graph with more outputs, for writing only: nodes and values are shared. */
function graphWithOutputs(graph: Graph, extra: ReadonlyMap<string, Value>): Graph {
  const view = Object.create(graph, {
    outputs: { value: [...new Set([...graph.outputs, ...extra.values()])] },
  }) as Graph;
  return view;
}

/** The profiles in a folder, by run. */
async function readProfiles(folder: string): Promise<TraceEvent[][]> {
  const runs: TraceEvent[][] = [];
  for (const file of await readdir(folder))
    runs.push(...readOrtProfile(await readFile(join(folder, file), "utf8")).map(({ events }) => [...events]));
  return runs;
}

export const ort: Engine = {
  name: "ort",
  passes: undefined,
  available() {
    try {
      load();
      return { ok: true };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") return { ok: false, reason: message(error) };
      return { ok: false, reason: "package onnxruntime-node is not installed; npm install onnxruntime-node brings it" };
    }
  },
  async compile(graph, options) {
    const compile = async (part: Graph) => new OrtSession(part, options, await OrtSession.create(part, options));
    return (await compileAroundMaps(graph, compile)) ?? compile(graph);
  },
};
