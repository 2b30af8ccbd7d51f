/** Constants of a session's programs by id, and those an addon has not been given yet. */
import { createHash } from "node:crypto";
import type { Tensor } from "../../base/tensor.ts";
import type { NumberArray } from "./lowering.ts";

/** Arrays up to this size are told apart by their bytes, larger ones by a digest of them. */
const smallBytes = 4096;

/** Equal for arrays of one type and equal bytes: 0 and -0 differ. */
function contentKey(array: NumberArray): string {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const content =
    bytes.length > smallBytes ? createHash("sha256").update(bytes).digest("base64") : bytes.toString("latin1");
  return `${array.constructor.name}:${bytes.length}:${content}`;
}

export class ConstantPool {
  private readonly ids = new Map<string, number>();
  private readonly known = new WeakMap<NumberArray, number>();
  private next = 0;
  /** Arrays to hand to the addon before a program that uses them is loaded. */
  private pending: { readonly id: number; readonly array: NumberArray }[] = [];
  private numPrepared = 0;

  /** Constants that native code prepares for the programs there are. */
  get preparedCount(): number {
    return this.numPrepared;
  }

  /** A weight of the model, or a value known before the run. A large array is known by itself: weights are not hashed. */
  ofTensor(tensor: Tensor): number {
    const array = tensor.data as NumberArray;
    if (array.byteLength <= smallBytes) return this.ofData(array);
    return this.known.get(array) ?? this.add(array);
  }

  /** An array of the lowering's own: one of equal contents has the same id, also when it was made for another shape. */
  ofData(array: NumberArray): number {
    const known = this.known.get(array);
    if (known !== undefined) return known;
    const key = contentKey(array);
    let id = this.ids.get(key);
    if (id === undefined) this.ids.set(key, (id = this.add(array)));
    return id;
  }

  /** A constant that native code prepares; `isNew` where no program has asked for it yet. */
  prepared(key: string): { id: number; isNew: boolean } {
    const known = this.ids.get(key);
    if (known !== undefined) return { id: known, isNew: false };
    const id = this.next++;
    this.ids.set(key, id);
    this.numPrepared++;
    return { id, isNew: true };
  }

  /** Forgets that a constant was to be prepared: the program that did so was not loaded. Returns its id, where it had one. */
  forget(key: string): number | undefined {
    const id = this.ids.get(key);
    if (this.ids.delete(key)) this.numPrepared--;
    return id;
  }

  takePending(): readonly { readonly id: number; readonly array: NumberArray }[] {
    const taken = this.pending;
    this.pending = [];
    return taken;
  }

  private add(array: NumberArray): number {
    const id = this.next++;
    this.known.set(array, id);
    this.pending.push({ id, array });
    return id;
  }
}
