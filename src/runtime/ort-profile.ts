/**
 * The JSON that ONNX Runtime writes with `enableProfiling` (or `--profile` of its tools): events in the Trace Event Format.
 * Source: onnxruntime.ai, "Performance: Profiling tools"; fields as written by version 1.27 and by those since 1.8.
 */
import { InferlabError } from "../base/errors.ts";
import type { TraceEvent } from "./trace.ts";

export interface OrtProfileRun {
  /** Microseconds from the beginning to the end of the run, without what the language binding adds. */
  readonly wallUs: number;
  readonly events: readonly TraceEvent[];
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly tid: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const isEvent = (value: unknown): value is ProfileEvent => {
  const e = value as ProfileEvent | null;
  return typeof e === "object" && e !== null && typeof e.name === "string" && Number.isFinite(e.ts);
};

/** ORT counts its inserted nodes up from session to session; the count says nothing. */
const nameOf = (event: ProfileEvent): string => event.name.replace(/_kernel_time$/, "").replace(/_token_\d+$/, "");

function outputsOf(value: unknown): TraceEvent["outputs"] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) =>
    typeof entry === "object" && entry !== null
      ? Object.entries(entry).map(([dtype, shape]) => ({
          name: "",
          dtype,
          shape: Array.isArray(shape) ? shape.map(Number) : [],
        }))
      : [],
  );
}

/**
 * The runs of a profile, in their order, each with the events of its nodes. Runs that overlap are told apart by time alone.
 *
 * Errors: MODEL_FORMAT for what is no such profile.
 */
export function readOrtProfile(json: string): OrtProfileRun[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new InferlabError("MODEL_FORMAT", `no profile of ONNX Runtime: ${(error as Error).message}`, {
      hint: "the file is whole only after the session's endProfiling()",
      cause: error,
    });
  }
  if (!Array.isArray(parsed))
    throw new InferlabError("MODEL_FORMAT", "no profile of ONNX Runtime: expected a JSON array of events");
  const all = parsed.filter(isEvent);
  const runs = all.filter((event) => event.name === "model_run").sort((a, b) => a.ts - b.ts);
  const nodes = all
    .filter((event) => event.cat === "Node" && event.name.endsWith("_kernel_time"))
    .sort((a, b) => a.ts - b.ts);
  const sizes = ["output_size", "activation_size", "parameter_size"] as const;
  let at = 0;
  return runs.map(({ ts, dur }) => {
    const events: TraceEvent[] = [];
    const threads = new Map<number, number>();
    for (; at < nodes.length && nodes[at]!.ts <= ts + dur; at++) {
      const event = nodes[at]!;
      if (event.ts < ts) continue;
      if (!threads.has(event.tid)) threads.set(event.tid, threads.size);
      const args = event.args ?? {};
      events.push({
        node: nameOf(event),
        op: typeof args["op_name"] === "string" ? args["op_name"] : "?",
        kernel: typeof args["provider"] === "string" ? args["provider"] : "ort",
        startUs: event.ts - ts,
        endUs: event.ts - ts + (event.dur || 0),
        thread: threads.get(event.tid)!,
        flops: 0,
        bytes: sizes.reduce((sum, key) => sum + (Number(args[key]) || 0), 0),
        outputs: outputsOf(args["output_type_shape"]),
      });
    }
    return { wallUs: dur, events };
  });
}
