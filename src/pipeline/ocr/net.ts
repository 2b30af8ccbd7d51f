/** What the stages of reading ask of a model: one picture tensor in, one tensor out. */
import { InferlabError } from "../../base/errors.ts";
import { Tensor } from "../../base/tensor.ts";

/** A compiled model. A `Session` of any engine is one. */
export interface Net {
  run(feeds: Record<string, Tensor>, options?: { signal?: AbortSignal }): Promise<Record<string, Tensor>>;
}

/**
 * Feeds `x`, the one input of the PP-OCR models, and returns what `read` makes of their one output, whose memory goes back at
 * once: a page has outputs of some ten megabytes, which would otherwise wait for the collector.
 */
export async function runNet<T>(net: Net, x: Tensor, read: (output: Tensor) => T, signal?: AbortSignal): Promise<T> {
  const outputs = Object.values(await net.run({ x }, signal ? { signal } : {}));
  if (outputs.length !== 1)
    throw new InferlabError(
      "PIPELINE",
      `the model has ${outputs.length} outputs, expected one, as the PP-OCR models have`,
    );
  const output = outputs[0]!;
  try {
    return read(output);
  } finally {
    // What a net of one's own keeps for itself is left alone.
    if (Tensor.isOwner(output)) output.dispose();
  }
}
