/** Several frames through a session at once: tensors of one shape are joined along their first axis and parted again. */
import { allocate, storageLength } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { formatType, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { SessionLike, StageCall } from "./stage.ts";

/** Whether a tensor can be joined with others: it has a first axis, and one array element is one element of the tensor. */
const canJoin = ({ rank, dtype, shape }: Tensor): boolean => rank > 0 && storageLength(dtype, 3) === 3 && shape[0]! > 0;

/** The tensors one after the other along the first axis. Expects equal dtypes and equal further axes. */
export function joinTensors(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const rows = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const shape = [rows, ...first!.shape.slice(1)];
  const data = allocate(first!.dtype, sizeOf(shape));
  let at = 0;
  for (const tensor of tensors) {
    if (Array.isArray(data)) for (const value of tensor.data as string[]) data[at++] = value;
    else {
      (data as Float32Array).set(tensor.data as Float32Array, at);
      at += tensor.data.length;
    }
  }
  return new Tensor(first!.dtype, shape, data);
}

/** Parts of so many rows each; each has memory of its own. Errors: PIPELINE where the rows do not add up. */
export function partTensor(tensor: Tensor, rows: readonly number[]): Tensor[] {
  const total = rows.reduce((a, b) => a + b, 0);
  if (tensor.shape[0] !== total)
    throw new InferlabError(
      "PIPELINE",
      `a batch of ${total} rows gave ${formatType(tensor.dtype, tensor.shape)}, expected ${total} rows`,
      { hint: "the model does not keep frames apart along its first axis: run it without batch" },
    );
  const row = sizeOf(tensor.shape.slice(1));
  let at = 0;
  return rows.map((count) => {
    const data = tensor.data.slice(at, at + count * row);
    at += count * row;
    return new Tensor(tensor.dtype, [count, ...tensor.shape.slice(1)], data);
  });
}

/** Runs the session for a list of frames; frames whose tensors do not fit together go one by one or in groups. */
export async function runBatched(
  session: SessionLike,
  frames: readonly Readonly<Record<string, Tensor>>[],
  signal: AbortSignal,
): Promise<Record<string, Tensor>[]> {
  const groups = new Map<string, number[]>();
  frames.forEach((feeds, i) => {
    const tensors = session.inputs.map(({ name }) => feeds[name]!);
    const rows = tensors[0]?.shape[0];
    const joinable = tensors.every(
      (tensor) => tensor?.kind === "tensor" && canJoin(tensor) && tensor.shape[0] === rows,
    );
    const key = joinable
      ? tensors.map(({ dtype, shape }) => `${dtype}[${shape.slice(1).join(",")}]`).join(" ")
      : `alone ${i}`;
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  const results = new Array<Record<string, Tensor>>(frames.length);
  for (const indices of groups.values()) {
    if (indices.length === 1) {
      results[indices[0]!] = await session.run(frames[indices[0]!]!, { signal });
      continue;
    }
    const first = session.inputs[0]!.name;
    const rows = indices.map((i) => frames[i]![first]!.shape[0]!);
    const feeds = Object.fromEntries(
      session.inputs.map(({ name }) => [name, joinTensors(indices.map((i) => frames[i]![name]!))]),
    );
    const outputs = await session.run(feeds, { signal });
    const parts = Object.entries(outputs).map(([name, tensor]) => [name, partTensor(tensor, rows)] as const);
    indices.forEach((frame, k) => {
      results[frame] = Object.fromEntries(parts.map(([name, list]) => [name, list[k]!]));
    });
  }
  return results;
}

/** A session as a stage that takes batches of frames. */
export function batchedSessionCall(session: SessionLike): StageCall {
  return async (lists, { signal }) => {
    const columns = lists as readonly (readonly Tensor[])[];
    const frames = columns[0]!.map((_, frame) =>
      Object.fromEntries(session.inputs.map(({ name }, i) => [name, columns[i]![frame]!])),
    );
    const outputs = await runBatched(session, frames, signal);
    return session.outputs.length === 1 ? outputs.map((values) => values[session.outputs[0]!.name]) : outputs;
  };
}
