/** From a model file to something that runs, on any engine. */

import { readModel } from "../compiler/formats/read.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { inferShapes } from "../compiler/ir/infer.ts";
import { compileGraph } from "../runtime/compile.ts";
import type { CompileOptions } from "../runtime/engine.ts";
import type { Session } from "../runtime/session.ts";

/**
 * A session for the model in a file, or for a graph.
 *
 * Errors: FILE, MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID for the file; ENGINE for an engine that cannot be used.
 */
export async function compileModel(source: string | Graph, options: CompileOptions = {}): Promise<Session> {
  if (typeof source !== "string") return compileGraph(source, options);
  const graph = readModel(source);
  inferShapes(graph);
  return compileGraph(graph, options);
}
