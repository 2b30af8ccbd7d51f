/** A certificate says on which inputs two graphs were compared and how far their outputs were apart. It can be checked again. */
import { InferlabError } from "../../base/errors.ts";
import type { Graph } from "../ir/graph.ts";
import type { Rewrite } from "../passes/pass.ts";
import {
  compareOutputs,
  type Difference,
  type InputOptions,
  type Runner,
  randomInputs,
  referenceRunner,
  worstOf,
} from "./compare.ts";

export interface CertificateSample {
  readonly seed: number;
  /** Shapes of the inputs, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** By output name. */
  readonly outputs: Readonly<Record<string, Difference>>;
}

/** Plain data: `JSON.stringify` saves it. */
export interface Certificate {
  readonly format: "inferlab-certificate";
  readonly version: 1;
  readonly model: string;
  /** Every rewrite is exact, so the outputs must be bit-equal. */
  readonly exact: boolean;
  /** Largest allowed difference, relative to the largest magnitude of an output; 0 where exact. */
  readonly tolerance: number;
  readonly samples: readonly CertificateSample[];
  readonly worst: Difference;
  readonly holds: boolean;
}

export interface CertifyOptions extends Omit<InputOptions, "seed"> {
  /** Samples of random inputs. Default 3. */
  samples?: number;
  /** Largest relative difference where rewrites are not all exact. Default 1e-4. */
  tolerance?: number;
  /** Runs both graphs. Default: the reference operators. */
  run?: Runner;
  /** The rewrites between the two graphs: all exact ones demand bit-equal outputs. */
  rewrites?: readonly Rewrite[];
}

/**
 * Compares a graph with what became of it. Two engines or two runs of one engine may round differently, so both graphs are run
 * by the same runner.
 */
export async function certify(original: Graph, changed: Graph, options: CertifyOptions = {}): Promise<Certificate> {
  const run = options.run ?? referenceRunner;
  const exact = options.rewrites?.every((rewrite) => rewrite.class === "exact") ?? false;
  const tolerance = exact ? 0 : (options.tolerance ?? 1e-4);
  const samples: CertificateSample[] = [];
  for (let seed = 1; seed <= (options.samples ?? 3); seed++) {
    const feeds = randomInputs(original, { ...options, seed });
    const wanted = new Set(changed.outputNames);
    const before = Object.entries(await run(original, feeds)).filter(([name]) => wanted.has(name));
    const taken = Object.fromEntries(changed.inputNames.map((name) => [name, feeds[name]!]));
    samples.push({
      seed,
      shapes: Object.fromEntries(
        Object.entries(feeds).map(([name, value]) => [name, value.kind === "tensor" ? value.shape : []]),
      ),
      outputs: compareOutputs(Object.fromEntries(before), await run(changed, taken)),
    });
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
  return {
    format: "inferlab-certificate",
    version: 1,
    model: original.name,
    exact,
    tolerance,
    samples,
    worst,
    holds: worst.maxRelative <= tolerance,
  };
}

/**
 * Checks a saved certificate: the same samples again, within the same tolerance. Errors: ARGUMENT where it is none.
 */
export async function recheck(
  certificate: Certificate,
  original: Graph,
  changed: Graph,
  options: Pick<CertifyOptions, "run" | "sizes" | "values" | "maxSize"> = {},
): Promise<Certificate> {
  if (certificate?.format !== "inferlab-certificate" || certificate.version !== 1)
    throw new InferlabError("ARGUMENT", "this is no certificate of a version known here");
  const again = await certify(original, changed, {
    ...options,
    samples: certificate.samples.length,
    tolerance: certificate.tolerance,
  });
  return { ...again, exact: certificate.exact, holds: again.worst.maxRelative <= certificate.tolerance };
}
