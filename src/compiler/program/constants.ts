/** Constants of a session's programs by id, and those an addon has not been given yet. */
import type { Tensor } from "../../base/tensor.ts";
import type { NumberArray } from "./lowering.ts";

export class ConstantPool {
  private readonly ids = new Map<object | string, number>();
  private readonly large = new WeakMap<object, number>();
  private next = 0;
  /** Arrays to hand to the addon before a program that uses them is loaded. */
  private pending: { readonly id: number; readonly array: NumberArray }[] = [];

  /** A weight of the model: the same array has one id. */
  ofTensor(tensor: Tensor): number {
    const array = tensor.data as NumberArray;
    let id = this.ids.get(array);
    if (id === undefined) this.ids.set(array, (id = this.add(array)));
    return id;
  }

  /** An array of the lowering's own; one array has one id, and so have small ones of equal contents. */
  ofData(array: NumberArray): number {
    if (array.byteLength > 4096) {
      let id = this.large.get(array);
      if (id === undefined) this.large.set(array, (id = this.add(array)));
      return id;
    }
    const key = `data:${array.constructor.name}:${array.join()}`;
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
    return { id, isNew: true };
  }

  /** Forgets that a constant was to be prepared: the program that did so was not loaded. */
  forget(key: string): void {
    this.ids.delete(key);
  }

  takePending(): readonly { readonly id: number; readonly array: NumberArray }[] {
    const taken = this.pending;
    this.pending = [];
    return taken;
  }

  private add(array: NumberArray): number {
    const id = this.next++;
    this.pending.push({ id, array });
    return id;
  }
}
