/**
 * onnxruntime-node as its own users have it: the model file and its JavaScript tensors, nothing of ours between. What its
 * API cannot express (bfloat16, the 4- and 8-bit floats, sequences, optionals …) is a failed test of its column.
 */

import { isDType } from "../../src/base/dtypes.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { type RuntimeValue, Tensor } from "../../src/base/tensor.ts";
import type { Values } from "./runners.ts";

/** The part of onnxruntime-node's API that is used here. */
interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}
interface Ort {
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(
      file: string,
      options: object,
    ): Promise<{ run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>; release(): Promise<void> }>;
  };
}

function toOrt(ort: Ort, value: RuntimeValue): OrtTensor {
  if (!(value instanceof Tensor))
    throw new InferlabError("UNSUPPORTED", `onnxruntime-node has no ${value.kind} in its API`);
  return new ort.Tensor(value.dtype, value.data, value.shape);
}

function fromOrt(value: OrtTensor): Tensor {
  const { type, dims, data } = value;
  if (!isDType(type)) throw new InferlabError("UNSUPPORTED", `onnxruntime-node gave an output of type ${type}`);
  // Where Node has Float16Array, float16 comes as one; ours holds the bits.
  const raw = data as ArrayBufferView & { readonly length: number };
  const bits = type === "float16" ? new Uint16Array(raw.buffer, raw.byteOffset, raw.length) : data;
  return new Tensor(type, dims, bits as never);
}

export async function runOnOrt(file: string, feeds: readonly Values[]): Promise<Values[]> {
  const name = "onnxruntime-node";
  const loaded = (await import(name)) as Ort & { default?: Ort };
  const ort = loaded.default ?? loaded;
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  const outputs: Values[] = [];
  for (const values of feeds) {
    const given = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, toOrt(ort, value)]));
    const made = await session.run(given);
    outputs.push(Object.fromEntries(Object.entries(made).map(([key, value]) => [key, fromOrt(value)])));
  }
  await session.release();
  return outputs;
}
