/** What the stages of reading ask of a model: one picture tensor in, one tensor out. */
import { InferlabError } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";

/** A compiled model. A `Session` of any engine is one. */
export interface Net {
  run(feeds: Record<string, Tensor>, options?: { signal?: AbortSignal }): Promise<Record<string, Tensor>>;
}

/** Feeds `x`, the one input of the PP-OCR models, and returns their one output. */
export async function runNet(net: Net, x: Tensor, signal?: AbortSignal): Promise<Tensor> {
  const outputs = Object.values(await net.run({ x }, signal ? { signal } : {}));
  if (outputs.length !== 1)
    throw new InferlabError(
      "PIPELINE",
      `the model has ${outputs.length} outputs, expected one, as the PP-OCR models have`,
    );
  return outputs[0]!;
}
