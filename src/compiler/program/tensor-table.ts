/** The tensors of a program as its bytes name them. */
import type { EncodedInstruction, EncodedTensor } from "./encode.ts";
import type { EmittedInstruction, Storage, TensorRef } from "./lowering.ts";
import { rootOf } from "./parts.ts";

/** Refs as positions in the program's table, each place once. */
export class TensorTable {
  readonly tensors: EncodedTensor[] = [];
  readonly constants: number[] = [];
  private readonly positions = new Map<string, number>();
  private readonly storageIds = new Map<Storage, number>();

  encode({ instruction, inputs, outputs, parameters }: EmittedInstruction): EncodedInstruction {
    return {
      name: instruction.name,
      inputs: inputs.map((ref) => ref && this.position(ref)),
      outputs: outputs.map((ref) => ref && this.position(ref)),
      parameters,
    };
  }

  private position(ref: TensorRef): number {
    const { storage, offsetBytes } = rootOf(ref.storage);
    let storageId = this.storageIds.get(storage);
    if (storageId === undefined) this.storageIds.set(storage, (storageId = this.storageIds.size));
    const key = `${storageId}:${offsetBytes + ref.offsetBytes}:${ref.sizeBytes}`;
    let position = this.positions.get(key);
    if (position === undefined) {
      let index = storage.kind === "arena" ? 0 : storage.index;
      if (storage.kind === "constant") {
        const at = this.constants.indexOf(storage.index);
        index = at >= 0 ? at : this.constants.push(storage.index) - 1;
      }
      position =
        this.tensors.push({
          place: storage.kind,
          index,
          offsetBytes: (storage.kind === "arena" ? storage.offset : 0) + offsetBytes + ref.offsetBytes,
          sizeBytes: ref.sizeBytes,
        }) - 1;
      this.positions.set(key, position);
    }
    return position;
  }
}
