/** From a graph to a session on an engine. */
import { availableParallelism } from "node:os";
import { env } from "../base/env.ts";
import { InferlabError } from "../base/errors.ts";
import { cloneGraph } from "../compiler/ir/clone.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { optimize } from "../compiler/passes/pipeline.ts";
import type { CompileOptions } from "./engine.ts";
import { findEngine } from "./engines.ts";
import { Session } from "./session.ts";

const levels = ["none", "exact", "all"] as const;

function checkedThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= 1024) return threads;
  throw new InferlabError("ARGUMENT", `threads is ${threads}, expected an integer from 1 to 1024`);
}

/**
 * Compiles a graph; the graph itself is not changed.
 *
 * Errors: ENGINE for an unknown or unusable engine, ARGUMENT for a bad option, those of shape inference.
 */
export async function compileGraph(graph: Graph, options: CompileOptions = {}): Promise<Session> {
  const engine = findEngine(options.engine);
  const level = options.optimize ?? "all";
  if (!levels.includes(level))
    throw new InferlabError("ARGUMENT", `optimize is ${JSON.stringify(level)}, expected one of ${levels.join(", ")}`);
  const device = options.device ?? "cpu";
  if (device !== "cpu")
    throw new InferlabError("ENGINE", `device is ${JSON.stringify(device)}, engine "${engine.name}" has: cpu`);
  const threads = checkedThreads(options.threads ?? Number(env("INFERLAB_THREADS") ?? availableParallelism()));
  const own = cloneGraph(graph);
  if (engine.passes && level !== "none") optimize(own, level, { fused: engine.passes === "fused" });
  const inner = await engine.compile(own, { engine: engine.name, device, threads, optimize: level });
  return new Session(engine.name, graph, inner);
}
