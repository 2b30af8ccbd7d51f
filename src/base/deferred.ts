/**
 * Elements of a tensor that are read when first asked for and may be let go again: weights, which a graph names and whose
 * packed form an engine has. Whoever asks after that has them read anew, from the file or from what they are computed from.
 */
import type { DataArray } from "./dtypes.ts";

/** Smaller tensors are read once and kept: reading one anew would cost more than it holds. */
export const minDeferredBytes = 4096;

export interface Read<A extends DataArray> {
  readonly data: A;
  /** Nobody else has the array's memory: whoever asked may give it back. */
  readonly isOwn: boolean;
}

export class Deferred<A extends DataArray = DataArray> {
  private readonly read: () => Read<A>;
  private kept: A | undefined;

  /** `read` gives the same elements at each call, or throws. */
  constructor(read: () => Read<A>) {
    this.read = read;
  }

  get isKept(): boolean {
    return this.kept !== undefined;
  }

  /** The elements, kept from now on. */
  get(): A {
    return (this.kept ??= this.read().data);
  }

  /** The elements for a moment: what is not kept yet is read and not kept. */
  peek(): Read<A> {
    return this.kept ? { data: this.kept, isOwn: false } : this.read();
  }

  /** Those who have the elements go on having them; the next one to ask has them read. */
  letGo(): void {
    this.kept = undefined;
  }
}
