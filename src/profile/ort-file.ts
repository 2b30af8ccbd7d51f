/** A profile that ONNX Runtime wrote somewhere else (in Python, on a phone), beside the model it is of. */
import { readFileSync } from "node:fs";
import { InferlabError } from "../base/errors.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { Values } from "../runtime/engine.ts";
import { readOrtProfile } from "../runtime/ort-profile.ts";
import type { Trace } from "../runtime/trace.ts";
import { type Profile, profileOfTraces } from "./profile.ts";
import { graphOf } from "./runs.ts";

export interface OrtProfileOptions {
  /** What was fed: gives the graph its shapes, so that operations are counted. Default: the shapes the model states. */
  readonly feeds?: Values;
  /** Runs at the beginning to leave out. Default 1 where there are more. */
  readonly warmUp?: number;
}

/**
 * The profile in a file that ONNX Runtime wrote with `enable_profiling`, its events linked to the model's nodes. No roof is drawn:
 * the machine may be another.
 *
 * Errors: FILE where it cannot be read, MODEL_FORMAT where it is no such profile or holds no run.
 *
 * @example
 * ortProfile("onnxruntime_profile__2026-01-31.json", model);
 */
export function ortProfile(
  path: string,
  model: Graph | { readonly graph: Graph },
  options: OrtProfileOptions = {},
): Profile {
  let json: string;
  try {
    json = readFileSync(path, "utf8");
  } catch (error) {
    throw new InferlabError("FILE", `cannot read ${JSON.stringify(path)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const graph = graphOf(model);
  const all = readOrtProfile(json).filter((run) => run.events.length > 0);
  const runs = all.slice(options.warmUp ?? (all.length > 1 ? 1 : 0));
  if (runs.length === 0)
    throw new InferlabError("MODEL_FORMAT", `${JSON.stringify(path)} holds no run`, {
      hint: "run the session at least once between its creation and end_profiling()",
    });
  const threads = 1 + Math.max(0, ...runs.flatMap(({ events }) => events.map((event) => event.thread)));
  const traces = runs.map(
    ({ wallUs, events }): Trace => ({ engine: "ort", graph: graph.name, threads, wallUs, events, tensors: new Map() }),
  );
  return profileOfTraces(graph, options.feeds ?? {}, traces);
}
