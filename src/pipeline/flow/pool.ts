/** Slots that stages run in: one pool for all pipelines of the process, nested ones included, unless a run brings its own. */
import { availableParallelism } from "node:os";
import { InferlabError } from "../../base/errors.ts";

/**
 * Counts the stages that run at one time. A slot is a permission, not a thread: JavaScript runs on the thread that called,
 * engines and sleeping devices beside it.
 */
export class Pool {
  readonly workers: number;
  private readonly free: number[];
  private readonly waiting = new Set<() => void>();

  constructor(workers: number = availableParallelism() * 2) {
    if (!Number.isSafeInteger(workers) || workers < 1)
      throw new InferlabError("ARGUMENT", `a pool has ${workers} workers, expected an integer of at least 1`);
    this.workers = workers;
    this.free = Array.from({ length: workers }, (_, i) => workers - 1 - i);
  }

  /** Number of a free worker, or −1. */
  take(): number {
    return this.free.pop() ?? -1;
  }

  /** Gives a worker back and wakes those who wait for one. */
  give(worker: number): void {
    this.free.push(worker);
    if (this.waiting.size === 0) return;
    const [wake] = this.waiting;
    this.waiting.delete(wake!);
    wake!();
  }

  /** Calls `wake` once, when a worker is free again. */
  wait(wake: () => void): void {
    this.waiting.add(wake);
  }

  forget(wake: () => void): void {
    this.waiting.delete(wake);
  }

  get busy(): number {
    return this.workers - this.free.length;
  }
}

/** The pool of every run that brings none. */
export const sharedPool = new Pool();
