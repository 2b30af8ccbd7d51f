/** Cells that run one after the other: the main shell has one queue, every subshell one of its own. */

interface Queued {
  readonly context: number;
  readonly run: () => Promise<void>;
  readonly abort: () => void;
}

export class CellQueue {
  private readonly waiting: Queued[] = [];
  private isDraining = false;
  /** Context of the cell that runs, 0 where none does. */
  running = 0;

  get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Runs `run` after all cells before it; resolves when it has run, or was aborted. */
  add(context: number, run: () => Promise<void>, abort: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({
        context,
        run: () => run().then(resolve, reject),
        abort: () => {
          abort();
          resolve();
        },
      });
      void this.drain();
    });
  }

  /** Takes the requests that wait now out of the queue; the function given back aborts them. */
  async takeWaiting(): Promise<() => void> {
    // Requests that came in together with the failed one may still lie in the socket.
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = this.waiting.splice(0);
    return () => {
      for (const queued of waiting) queued.abort();
    };
  }

  abortWaiting(): void {
    for (const queued of this.waiting.splice(0)) queued.abort();
  }

  private async drain(): Promise<void> {
    if (this.isDraining) return;
    this.isDraining = true;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      this.running = next.context;
      await next.run();
      this.running = 0;
    }
    this.isDraining = false;
  }
}
