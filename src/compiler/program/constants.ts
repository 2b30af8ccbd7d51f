/** Constants of a session's programs by id, and those an addon has not been given yet. */
import { createHash } from "node:crypto";
import type { Deferred } from "../../base/deferred.ts";
import { Tensor } from "../../base/tensor.ts";
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
  private readonly known = new WeakMap<NumberArray | Tensor, number>();
  /** Constants that are read when they are asked for, and those of them that the addon has. */
  private readonly deferred = new Map<number, Deferred>();
  private readonly placed = new Set<number>();
  private next = 0;
  /** Arrays to hand to the addon before a program that uses them is loaded. */
  private pending: { readonly id: number; readonly array: NumberArray }[] = [];
  private numPrepared = 0;

  /** Constants that native code prepares for the programs there are. */
  get preparedCount(): number {
    return this.numPrepared;
  }

  /** A weight of the model, or a value known before the run. A large one is known by itself: weights are not hashed. */
  ofTensor(tensor: Tensor): number {
    const deferral = Tensor.deferralOf(tensor);
    if (deferral) {
      let id = this.known.get(tensor);
      if (id === undefined) {
        this.known.set(tensor, (id = this.next++));
        this.deferred.set(id, deferral);
      }
      return id;
    }
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

  /** Those of the constants that are read when they are asked for and that the addon does not have. */
  missing(ids: Iterable<number>): readonly { readonly id: number; readonly deferral: Deferred }[] {
    const missing: { id: number; deferral: Deferred }[] = [];
    for (const id of ids) {
      const deferral = this.placed.has(id) ? undefined : this.deferred.get(id);
      if (deferral) missing.push({ id, deferral });
    }
    return missing;
  }

  /** The addon has a constant that is read when it is asked for, for good. */
  place(id: number): void {
    this.placed.add(id);
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
