/**
 * One sender a socket: zeromq rejects a `send` while another is under way, so frames wait here for their turn. Messages
 * keep their order; a socket that fails drops its message and goes on.
 */
export interface Sender {
  send(frames: Uint8Array[]): Promise<void>;
}

export class SendQueue {
  private readonly socket: Sender;
  private readonly failed: (error: unknown) => void;
  private queue: Uint8Array[][] = [];
  private running: Promise<void> | undefined;

  constructor(socket: Sender, failed: (error: unknown) => void) {
    this.socket = socket;
    this.failed = failed;
  }

  push(frames: Uint8Array[]): void {
    this.queue.push(frames);
    this.running ??= this.drain();
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
