/**
 * One sender a socket: zeromq rejects a `send` while another is under way, so frames wait here for their turn. Messages
 * keep their order; a socket that fails drops its message and goes on.
 *
 * A queue that is `deferred` sends at the end of the event loop's turn, all that came in it at once: what others wait for
 * (a cell on its way to the runtime, a reply) goes first, and ZeroMQ's thread is woken once.
 */
export interface Sender {
  send(frames: Uint8Array[]): Promise<void>;
}

export class SendQueue {
  private readonly socket: Sender;
  private readonly failed: (error: unknown) => void;
  private readonly isDeferred: boolean;
  private queue: Uint8Array[][] = [];
  private running: Promise<void> | undefined;

  constructor(socket: Sender, failed: (error: unknown) => void, options: { deferred?: boolean } = {}) {
    this.socket = socket;
    this.failed = failed;
    this.isDeferred = options.deferred ?? false;
  }

  push(frames: Uint8Array[]): void {
    this.queue.push(frames);
    this.running ??= this.isDeferred ? endOfTurn().then(() => this.drain()) : this.drain();
  }

  /** Resolves when everything pushed so far was handed to ZeroMQ. */
  async flushed(): Promise<void> {
    while (this.running) await this.running;
  }

  private async drain(): Promise<void> {
    while (this.queue.length) {
      const batch = this.queue;
      this.queue = [];
      for (const frames of batch) {
        try {
          await this.socket.send(frames);
        } catch (error) {
          this.failed(error);
        }
      }
    }
    this.running = undefined;
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
