/**
 * A certificate says on which inputs two graphs were compared and how far their outputs were apart, and how far both are from
 * the same model in float64. It can be checked again.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { InferlabError } from "../../base/errors.ts";
import type { Graph } from "../ir/graph.ts";
import type { Rewrite, RewriteClass } from "../passes/pass.ts";
import {
  compareOutputs,
  type Difference,
  type InputOptions,
  inputsForBoth,
  type NamedValues,
  type Runner,
  referenceRunner,
  worstOf,
} from "./compare.ts";
import { graphDigest } from "./diff.ts";
import { errorAgainst, float64Runner } from "./float64.ts";
import { inspectGraph } from "./inspect.ts";

/** Largest errors against float64, relative to the largest magnitude of an output. */
export interface RoundingError {
  readonly before: number;
  readonly after: number;
}

export interface CertificateSample {
  readonly seed: number;
  /** Shapes of the inputs, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** By output name. */
  readonly outputs: Readonly<Record<string, Difference>>;
  /** By output name, where float64 was computed. */
  readonly float64?: Readonly<Record<string, RoundingError>>;
}

/** What a pass alone, beside the exact ones, does to the outputs of the first sample. */
export interface PassError {
  readonly pass: string;
  readonly class: RewriteClass;
  readonly rewrites: number;
  /** Largest difference from the original, relative to the largest magnitude of an output. */
  readonly maxRelative: number;
  /** Largest error against float64, where that was computed. */
  readonly float64?: RoundingError;
}

/** Plain data: `JSON.stringify` saves it. */
export interface Certificate {
  readonly format: "inferlab-certificate";
  readonly version: 2;
  readonly model: string;
  /** What ran both graphs. */
  readonly engine: string;
  /** Digests of what the two graphs compute: nodes, attributes and constants. */
  readonly sha256: { readonly before: string; readonly after: string };
  /** Every rewrite is exact, so the outputs must be bit-equal. */
  readonly exact: boolean;
  /** Largest allowed difference, relative to the largest magnitude of an output; 0 where exact. */
  readonly tolerance: number;
  readonly samples: readonly CertificateSample[];
  readonly worst: Difference;
  /** Worst error over samples and outputs; absent where all rewrites are exact or float64 would take too long. */
  readonly float64?: RoundingError;
  /** The passes that round, one by one. */
  readonly passes: readonly PassError[];
  readonly holds: boolean;
}

export interface CertifyOptions extends Omit<InputOptions, "seed"> {
  /** Samples of random inputs. Default 3. */
  samples?: number;
  /** Largest relative difference where rewrites are not all exact. Default 1e-4. */
  tolerance?: number;
  /** Runs both graphs. Default: the reference operators. */
  run?: Runner;
  /** What `run` is called in the certificate. Default "reference". */
  engine?: string;
  /** The rewrites between the two graphs: all exact ones demand bit-equal outputs. */
  rewrites?: readonly Rewrite[];
  /** Measure errors against float64. Default: where it is not exact and takes at most 10⁹ operations a run. */
  float64?: boolean;
  /** Graphs with one pass each that rounds, beside the exact ones. */
  passes?: readonly {
    readonly pass: string;
    readonly class: RewriteClass;
    readonly rewrites: number;
    readonly graph: Graph;
  }[];
}

/** Arithmetic of one run that the references in float64 get through in a minute or so. */
const maxTruthFlops = 1e9;

const shapesOf = (feeds: NamedValues): Record<string, readonly number[]> =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, value.kind === "tensor" ? value.shape : []]));

function errorsOf(truth: NamedValues, before: NamedValues, after: NamedValues): Record<string, RoundingError> {
  const errors: Record<string, RoundingError> = {};
  for (const name of Object.keys(after)) {
    const [p, q] = [errorAgainst(truth[name], before[name]), errorAgainst(truth[name], after[name])];
    if (p !== undefined && q !== undefined) errors[name] = { before: p, after: q };
  }
  return errors;
}

const worstError = (errors: readonly RoundingError[]): RoundingError | undefined =>
  errors.length === 0
    ? undefined
    : { before: Math.max(...errors.map((e) => e.before)), after: Math.max(...errors.map((e) => e.after)) };

/**
 * Compares a graph with what became of it. Two engines or two runs of one engine may round differently, so both graphs are run
 * by the same runner.
 *
 * Errors: FEED for inputs that cannot be made up, those of the runner.
 */
export async function certify(original: Graph, changed: Graph, options: CertifyOptions = {}): Promise<Certificate> {
  const run = options.run ?? referenceRunner;
  const exact = options.rewrites?.every((rewrite) => rewrite.class === "exact") ?? false;
  const tolerance = exact ? 0 : (options.tolerance ?? 1e-4);
  const inFloat64 = float64Runner();
  const wanted = new Set(changed.outputNames);
  const only = (values: NamedValues): NamedValues =>
    Object.fromEntries(Object.entries(values).filter(([name]) => wanted.has(name)));
  const taken = (graph: Graph, feeds: NamedValues): NamedValues =>
    Object.fromEntries(graph.inputNames.map((name) => [name, feeds[name]!]));
  const samples: CertificateSample[] = [];
  const errors: RoundingError[] = [];
  const passes: PassError[] = [];
  for (let seed = 1; seed <= (options.samples ?? 3); seed++) {
    const feeds = inputsForBoth(original, changed, { ...options, seed });
    const before = only(await run(original, feeds));
    const after = await run(changed, taken(changed, feeds));
    const shapes = shapesOf(feeds);
    const hasTruth =
      options.float64 ?? (!exact && inspectGraph(original, { inputShapes: shapes }).flops <= maxTruthFlops);
    const truth = hasTruth ? only(await inFloat64(original, feeds)) : undefined;
    const found = truth && errorsOf(truth, before, after);
    errors.push(...Object.values(found ?? {}));
    samples.push({ seed, shapes, outputs: compareOutputs(before, after), ...(found ? { float64: found } : {}) });
    if (seed > 1) continue;
    for (const { graph, ...pass } of options.passes ?? []) {
      const alone = only(await run(graph, taken(graph, feeds)));
      const error = truth && worstError(Object.values(errorsOf(truth, before, alone)));
      const { maxRelative } = worstOf(compareOutputs(before, alone));
      passes.push({ ...pass, maxRelative, ...(error ? { float64: error } : {}) });
    }
  }
  const worst = samples
    .map((sample) => worstOf(sample.outputs))
    .reduce(
      (a, b) => ({
        bitEqual: a.bitEqual && b.bitEqual,
        maxAbs: Math.max(a.maxAbs, b.maxAbs),
        maxRelative: Math.max(a.maxRelative, b.maxRelative),
      }),
      { bitEqual: true, maxAbs: 0, maxRelative: 0 },
    );
  const float64 = worstError(errors);
  return {
    format: "inferlab-certificate",
    version: 2,
    model: original.name,
    engine: options.engine ?? "reference",
    sha256: { before: graphDigest(original), after: graphDigest(changed) },
    exact,
    tolerance,
    samples,
    worst,
    ...(float64 ? { float64 } : {}),
    passes,
    holds: worst.maxRelative <= tolerance,
  };
}

/** What a second look at a certificate found. */
export interface Recheck extends Certificate {
  /** Whether the graphs are those that the certificate was made for. */
  readonly sameGraphs: boolean;
}

/**
 * Checks a saved certificate: the same samples again, within the same tolerance. Errors: ARGUMENT where it is none.
 */
export async function recheck(
  certificate: Certificate,
  original: Graph,
  changed: Graph,
  options: Pick<CertifyOptions, "run" | "engine" | "sizes" | "values" | "maxSize" | "float64"> = {},
): Promise<Recheck> {
  if (certificate?.format !== "inferlab-certificate" || certificate.version !== 2)
    throw new InferlabError("ARGUMENT", "this is no certificate of a version known here", {
      hint: "inferlab simplify --check makes one",
    });
  const { tolerance, exact } = certificate;
  if (!Array.isArray(certificate.samples) || certificate.samples.length === 0 || !(tolerance >= 0))
    throw new InferlabError("ARGUMENT", "the certificate has no samples or no tolerance");
  const again = await certify(original, changed, { ...options, samples: certificate.samples.length, tolerance });
  const { before, after } = certificate.sha256 ?? {};
  const sameGraphs = before === again.sha256.before && after === again.sha256.after;
  return { ...again, passes: certificate.passes ?? [], exact, sameGraphs, holds: again.worst.maxRelative <= tolerance };
}

/** Where a model's certificate lies: `small.onnx` → `small.certificate.json`. */
export const certificatePath = (modelPath: string): string => `${modelPath.replace(/\.onnx$/i, "")}.certificate.json`;

/** Errors: FILE where it cannot be written. */
export function saveCertificate(certificate: Certificate, path: string): void {
  try {
    writeFileSync(path, `${JSON.stringify(certificate, undefined, 2)}\n`);
  } catch (cause) {
    throw new InferlabError("FILE", `certificate ${path} cannot be written: ${(cause as Error).message}`, { cause });
  }
}

/** Errors: FILE where it cannot be read, ARGUMENT where it is no JSON. */
export function loadCertificate(path: string): Certificate {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new InferlabError("FILE", `certificate ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "inferlab simplify in.onnx out.onnx --check 3 writes out.certificate.json",
    });
  }
  try {
    return JSON.parse(text) as Certificate;
  } catch (cause) {
    throw new InferlabError("ARGUMENT", `certificate ${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The certificate in words, then a line for every pass that rounds. */
export function formatCertificate(certificate: Certificate): string {
  const { worst, float64, samples, engine, holds, exact, tolerance } = certificate;
  const percent = (value: number): string => value.toExponential(1);
  const found = worst.bitEqual ? "bit-equal" : `largest difference ${percent(worst.maxRelative)}`;
  const limit = exact ? "all rewrites are exact" : `tolerance ${percent(tolerance)}`;
  const lines = [
    `${holds ? "holds" : "does not hold"}: ${found} on ${samples.length} random inputs with engine ${engine} (${limit})`,
  ];
  if (float64) lines.push(`error against float64: ${percent(float64.before)} before, ${percent(float64.after)} after`);
  for (const pass of certificate.passes)
    lines.push(
      `  ${pass.pass} (${pass.class}, ${pass.rewrites}): difference ${percent(pass.maxRelative)}${pass.float64 ? `, error ${percent(pass.float64.after)}` : ""}`,
    );
  return lines.join("\n");
}
