/**
 * Which boxes may overlap: a grid of buckets over their plane, in typed arrays.
 *
 * A box is entered into every cell it touches, so two boxes that overlap share a cell. Cells are about as large as the mean
 * box: few cells a box, few boxes a cell. Boxes so large that they would fill much of the grid are kept in a list of their own.
 */
export interface BoxColumns {
  readonly left: Float64Array;
  readonly top: Float64Array;
  readonly right: Float64Array;
  readonly bottom: Float64Array;
  readonly area: Float64Array;
}

export function boxColumns(
  boxes: readonly { readonly x: number; readonly y: number; readonly width: number; readonly height: number }[],
): BoxColumns {
  const count = boxes.length;
  const [left, top, right, bottom, area] = Array.from({ length: 5 }, () => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < count; i++) {
    const { x, y, width, height } = boxes[i]!;
    left[i] = x;
    top[i] = y;
    right[i] = x + width;
    bottom[i] = y + height;
    area[i] = width * height;
  }
  return { left, top, right, bottom, area };
}

/** Intersection over union of boxes `a` and `b`. */
export function columnOverlap({ left, top, right, bottom, area }: BoxColumns, a: number, b: number): number {
  const width = Math.min(right[a]!, right[b]!) - Math.max(left[a]!, left[b]!);
  if (!(width > 0)) return 0;
  const height = Math.min(bottom[a]!, bottom[b]!) - Math.max(top[a]!, top[b]!);
  if (!(height > 0)) return 0;
  const both = width * height;
  return both / (area[a]! + area[b]! - both);
}

const maxCellsPerBox = 64;

export class BoxGrid {
  private readonly columns: number;
  private readonly rows: number;
  private readonly x0: number;
  private readonly y0: number;
  private readonly perX: number;
  private readonly perY: number;
  /** First entry of each cell, −1 for none; entries are chained. */
  private readonly heads: Int32Array;
  private next: Int32Array;
  private box: Int32Array;
  private numEntries = 0;
  private readonly large: number[] = [];
  /** Number of the last question in which a box was met: none is answered twice. */
  private readonly seen: Int32Array;
  private question = 0;
  private readonly boxes: BoxColumns;

  constructor(boxes: BoxColumns) {
    this.boxes = boxes;
    const count = boxes.left.length;
    let [x0, y0, x1, y1, width, height] = [Infinity, Infinity, -Infinity, -Infinity, 0, 0];
    for (let i = 0; i < count; i++) {
      x0 = Math.min(x0, boxes.left[i]!);
      y0 = Math.min(y0, boxes.top[i]!);
      x1 = Math.max(x1, boxes.right[i]!);
      y1 = Math.max(y1, boxes.bottom[i]!);
      width += (boxes.right[i]! - boxes.left[i]!) / count;
      height += (boxes.bottom[i]! - boxes.top[i]!) / count;
    }
    const limit = Math.max(1, Math.min(256, Math.ceil(Math.sqrt(count)) * 2));
    const cellsOver = (span: number, mean: number): number =>
      Number.isFinite(span) && span > 0 && mean > 0 ? Math.max(1, Math.min(limit, Math.ceil(span / mean))) : 1;
    this.columns = cellsOver(x1 - x0, width);
    this.rows = cellsOver(y1 - y0, height);
    this.x0 = x0;
    this.y0 = y0;
    this.perX = this.columns / (x1 - x0);
    this.perY = this.rows / (y1 - y0);
    this.heads = new Int32Array(this.columns * this.rows).fill(-1);
    this.next = new Int32Array(count * 4 + 16);
    this.box = new Int32Array(count * 4 + 16);
    this.seen = new Int32Array(count);
  }

  private column(x: number): number {
    return this.columns === 1 ? 0 : Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.x0) * this.perX)));
  }

  private row(y: number): number {
    return this.rows === 1 ? 0 : Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.y0) * this.perY)));
  }

  add(index: number): void {
    const { left, top, right, bottom } = this.boxes;
    const [c0, c1] = [this.column(left[index]!), this.column(right[index]!)];
    const [r0, r1] = [this.row(top[index]!), this.row(bottom[index]!)];
    const numCells = (c1 - c0 + 1) * (r1 - r0 + 1);
    if (numCells > maxCellsPerBox) {
      this.large.push(index);
      return;
    }
    if (this.numEntries + numCells > this.next.length) {
      const grown = new Int32Array(this.next.length * 2 + numCells);
      grown.set(this.next);
      this.next = grown;
      const boxes = new Int32Array(grown.length);
      boxes.set(this.box);
      this.box = boxes;
    }
    for (let row = r0; row <= r1; row++)
      for (let column = c0; column <= c1; column++) {
        const cell = row * this.columns + column;
        this.box[this.numEntries] = index;
        this.next[this.numEntries] = this.heads[cell]!;
        this.heads[cell] = this.numEntries++;
      }
  }

  /** Whether an entered box overlaps box `index` by more than `threshold`. */
  covers(index: number, threshold: number): boolean {
    return this.visit(index, (other) => columnOverlap(this.boxes, index, other) > threshold);
  }

  /** Calls `found` with the entered boxes near box `index`, each once, in no order, until it returns true. */
  visit(index: number, found: (other: number) => boolean): boolean {
    const { boxes, seen, box, next } = this;
    const question = ++this.question;
    for (const other of this.large) if (found(other)) return true;
    const [c0, c1] = [this.column(boxes.left[index]!), this.column(boxes.right[index]!)];
    const [r0, r1] = [this.row(boxes.top[index]!), this.row(boxes.bottom[index]!)];
    for (let row = r0; row <= r1; row++)
      for (let column = c0; column <= c1; column++)
        for (let at = this.heads[row * this.columns + column]!; at >= 0; at = next[at]!) {
          const other = box[at]!;
          if (seen[other] === question) continue;
          seen[other] = question;
          if (found(other)) return true;
        }
    return false;
  }
}
