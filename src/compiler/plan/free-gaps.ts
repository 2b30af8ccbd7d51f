/**
 * The free parts of an arena without end, by offset: the lowest gap that holds a size is found, and neighbours that both
 * become free are joined, in a time that grows with the logarithm of their number. A treap (Seidel and Aragon, Randomized
 * search trees, 1996) of gaps, each node with the longest gap of its subtree.
 */
export class FreeGaps {
  /** By node, 0 being none: first and last offset of the gap, longest gap of the subtree. */
  private readonly start: Float64Array;
  private readonly end: Float64Array;
  private readonly longest: Float64Array;
  private readonly left: Int32Array;
  private readonly right: Int32Array;
  private readonly priority: Uint32Array;
  /** Nodes not in the tree. */
  private readonly spare: number[];
  /** From the root down to the node at work. */
  private readonly path: number[] = [];
  private depth = 0;
  private root: number;
  /** What `split` made of a tree. */
  private below = 0;
  private above = 0;
  private seed = 1;

  /** `most`: how many parts are taken at one time at the most. */
  constructor(most: number) {
    const nodes = most + 2;
    this.start = new Float64Array(nodes);
    this.end = new Float64Array(nodes);
    this.longest = new Float64Array(nodes);
    this.left = new Int32Array(nodes);
    this.right = new Int32Array(nodes);
    this.priority = new Uint32Array(nodes);
    this.spare = Array.from({ length: nodes - 1 }, (_, i) => nodes - 1 - i);
    this.root = this.node(0, Number.POSITIVE_INFINITY);
  }

  /** Takes `size` units at the lowest offset where they fit; returns the offset. */
  take(size: number): number {
    const { start, end, longest, left, right, path } = this;
    this.depth = 0;
    let node = this.root;
    while (true) {
      path[this.depth++] = node;
      if (longest[left[node]!]! >= size) node = left[node]!;
      else if (end[node]! - start[node]! >= size) break;
      else node = right[node]!;
    }
    const offset = start[node]!;
    start[node] = offset + size;
    if (start[node] === end[node]) this.remove();
    this.updatePath();
    return offset;
  }

  /** Gives back what was taken from `from` to `to`. */
  give(from: number, to: number): void {
    const { start, end, left, right } = this;
    let below = 0;
    let above = 0;
    for (let node = this.root; node; ) {
      if (start[node]! < from) {
        below = node;
        node = right[node]!;
      } else {
        above = node;
        node = left[node]!;
      }
    }
    const joinsAbove = above !== 0 && start[above] === to;
    if (below && end[below] === from) {
      end[below] = joinsAbove ? end[above]! : to;
      if (joinsAbove) {
        this.walkTo(above);
        this.remove();
        this.updatePath();
      }
      this.walkTo(below);
    } else if (joinsAbove) {
      this.walkTo(above);
      start[above] = from;
    } else this.insert(this.node(from, to));
    this.updatePath();
  }

  private node(start: number, end: number): number {
    const node = this.spare.pop()!;
    this.start[node] = start;
    this.end[node] = end;
    this.left[node] = this.right[node] = 0;
    // Numerical Recipes' quick generator: the same in every process.
    this.priority[node] = this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0;
    this.update(node);
    return node;
  }

  private update(node: number): void {
    const { longest, left, right } = this;
    longest[node] = Math.max(this.end[node]! - this.start[node]!, longest[left[node]!]!, longest[right[node]!]!);
  }

  /** Makes `path` the way from the root to a node of the tree. */
  private walkTo(node: number): void {
    const { start, path } = this;
    this.depth = 0;
    for (let at = this.root; at !== node; at = start[node]! < start[at]! ? this.left[at]! : this.right[at]!)
      path[this.depth++] = at;
    path[this.depth++] = node;
  }

  private updatePath(): void {
    for (let i = this.depth - 1; i >= 0; i--) this.update(this.path[i]!);
  }

  /** Removes the last node of the path from the tree and the path. */
  private remove(): void {
    const node = this.path[--this.depth]!;
    this.hang(this.start[node]!, this.merge(this.left[node]!, this.right[node]!));
    this.spare.push(node);
  }

  /** Puts a node into the tree; `path` becomes the way to it. */
  private insert(node: number): void {
    const { start, priority, path } = this;
    this.depth = 0;
    let at = this.root;
    while (at && priority[at]! > priority[node]!) {
      path[this.depth++] = at;
      at = start[node]! < start[at]! ? this.left[at]! : this.right[at]!;
    }
    this.hang(start[node]!, node);
    this.split(at, start[node]!);
    this.left[node] = this.below;
    this.right[node] = this.above;
    path[this.depth++] = node;
  }

  /** Makes a tree the child of the path's end on the side of an offset; without a path, the whole. */
  private hang(offset: number, tree: number): void {
    if (this.depth === 0) {
      this.root = tree;
      return;
    }
    const parent = this.path[this.depth - 1]!;
    if (offset < this.start[parent]!) this.left[parent] = tree;
    else this.right[parent] = tree;
  }

  /** Cuts a tree into `below`, the gaps that start below an offset, and `above`, the others. */
  private split(node: number, offset: number): void {
    if (!node) {
      this.below = this.above = 0;
    } else if (this.start[node]! < offset) {
      this.split(this.right[node]!, offset);
      this.right[node] = this.below;
      this.update(node);
      this.below = node;
    } else {
      this.split(this.left[node]!, offset);
      this.left[node] = this.above;
      this.update(node);
      this.above = node;
    }
  }

  /** Joins two trees, the first below the second. */
  private merge(below: number, above: number): number {
    if (!below || !above) return below || above;
    if (this.priority[below]! > this.priority[above]!) {
      this.right[below] = this.merge(this.right[below]!, above);
      this.update(below);
      return below;
    }
    this.left[above] = this.merge(below, this.left[above]!);
    this.update(above);
    return above;
  }
}
