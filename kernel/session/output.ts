/**
 * What cells print, on its way to iopub: joined to a message every few milliseconds, in order with everything else, and cut
 * in the middle where one cell prints more than any page can show. The end is never lost.
 */

/** Milliseconds text may wait for more text. */
const joinMs = 25;
/** Text is sent without waiting from this many characters on. */
const joinedLength = 1 << 18;
/** Characters of one cell that are shown … */
const maxCellLength = 64 * 2 ** 20;
/** … and characters of its end that are shown after the cut. */
const tailLength = 1 << 16;

type StreamName = "stdout" | "stderr";

interface CellOutput {
  length: number;
  skippedLength: number;
  skippedLines: number;
  tail: string;
  tailName: StreamName;
}

export class OutputJoiner {
  private readonly publish: (context: number, name: StreamName, text: string) => void;
  private readonly cells = new Map<number, CellOutput>();
  private parts: string[] = [];
  private length = 0;
  private context = 0;
  private name: StreamName = "stdout";
  private timer: NodeJS.Timeout | undefined;

  constructor(publish: (context: number, name: StreamName, text: string) => void) {
    this.publish = publish;
  }

  add(context: number, name: StreamName, text: string): void {
    if (this.length && (context !== this.context || name !== this.name)) this.flush();
    const cell = this.cellOf(context);
    cell.length += text.length;
    if (cell.length > maxCellLength) {
      this.skip(cell, name, text);
      return;
    }
    this.context = context;
    this.name = name;
    this.parts.push(text);
    this.length += text.length;
    if (this.length >= joinedLength) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), joinMs);
  }

  /** Sends what waits. Called before every other message, so that order is kept. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.length) return;
    const text = this.parts.join("");
    this.parts = [];
    this.length = 0;
    this.publish(this.context, this.name, text);
  }

  /** The cell has ended: what was cut is summed up, and its end shown. */
  end(context: number): void {
    this.flush();
    const cell = this.cells.get(context);
    this.cells.delete(context);
    if (!cell?.skippedLength) return;
    const megabytes = (cell.skippedLength / 2 ** 20).toFixed(1);
    this.publish(
      context,
      cell.tailName,
      `\n[… ${cell.skippedLines} lines, ${megabytes} MiB of output not shown: a cell shows ${maxCellLength / 2 ** 20} MiB. Its end follows.]\n${cell.tail}`,
    );
  }

  private cellOf(context: number): CellOutput {
    let cell = this.cells.get(context);
    if (!cell) {
      cell = { length: 0, skippedLength: 0, skippedLines: 0, tail: "", tailName: "stdout" };
      this.cells.set(context, cell);
    }
    return cell;
  }

  private skip(cell: CellOutput, name: StreamName, text: string): void {
    const joined = cell.tail + text;
    const cut = Math.max(0, joined.length - tailLength);
    cell.skippedLength += cut;
    for (let at = joined.indexOf("\n"); at >= 0 && at < cut; at = joined.indexOf("\n", at + 1)) cell.skippedLines++;
    cell.tail = joined.slice(cut);
    cell.tailName = name;
  }
}
