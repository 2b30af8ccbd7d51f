/**
 * The process that runs user code, seen from the protocol process: started, spoken to, ended. What it writes to its
 * descriptors 1 and 2 (native code, child processes) comes here as well.
 *
 * Invariants: it never outlives us (its control thread kills it when our end of the pipe closes); it has a process group of
 * its own, so a terminal's Ctrl-C reaches only us, and its children end with it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { entryPoints } from "../entry-points.ts";
import { runtimeEnvironment } from "../launch.ts";
import { encodePacket, FrameReader, type Packet } from "../runtime/frames.ts";

export interface RuntimeEvents {
  packet(packet: Packet): void;
  /** Text that user code wrote through JavaScript. */
  stream(context: number, name: "stdout" | "stderr", text: string): void;
  /** Text that came out of the process without a context. */
  nativeStream(name: "stdout" | "stderr", text: string): void;
  /** Once, after everything it wrote was handed on. */
  exited(code: number | null, signal: NodeJS.Signals | null): void;
}

/** Milliseconds to wait, after the process ended, for output that its own children may still hold open. */
const drainMs = 200;

export class RuntimeProcess {
  private readonly child: ChildProcess;
  private readonly control: Duplex;
  private numRequests = 0;
  private events: RuntimeEvents | undefined;
  private held: (() => void)[] = [];
  private isOver = false;

  /** Starts at once; what it says is kept until `connect`. `folder` is the notebook's. */
  constructor(folder: string = process.cwd()) {
    // Without the flag V8's termination inside a timer aborts the process: "async hook stack has become corrupted".
    const flags = ["--no-force-async-hooks-checks", "--disable-warning=ExperimentalWarning"];
    this.child = spawn(process.execPath, [...flags, entryPoints.runtime], {
      cwd: folder,
      env: runtimeEnvironment(),
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    });
    const [, stdout, stderr, results, control] = this.child.stdio as unknown as [
      null,
      Readable,
      Readable,
      Readable,
      Duplex,
    ];
    this.control = control;
    control.on("error", () => {}); // Its end is reported by "exit".
    this.readFrames(results);
    this.readFrames(control);
    this.readText(stdout, "stdout");
    this.readText(stderr, "stderr");
    this.child.once("error", (error) => {
      this.emit((events) => events.nativeStream("stderr", `${error.message}\n`));
      this.emit((events) => events.exited(null, null));
    });
    this.child.once("exit", (code, signal) => {
      const over = (): void => {
        if (this.isOver) return;
        this.isOver = true;
        this.emit((events) => events.exited(code, signal));
      };
      this.child.once("close", over);
      setTimeout(over, drainMs).unref();
      this.killGroup();
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  connect(events: RuntimeEvents): void {
    this.events = events;
    const held = this.held;
    this.held = [];
    for (const event of held) event();
  }

  private emit(event: (events: RuntimeEvents) => void): void {
    if (this.events) event(this.events);
    else this.held.push(() => event(this.events!));
  }

  private readFrames(stream: Readable): void {
    const reader = new FrameReader();
    const sink = {
      packet: (packet: Packet) => this.emit((events) => events.packet(packet)),
      stream: (context: number, name: "stdout" | "stderr", text: string) =>
        this.emit((events) => events.stream(context, name, text)),
    };
    stream.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      try {
        while (reader.next(sink));
      } catch (error) {
        // Code in the process wrote to our descriptor, or memory there is broken: nothing it says can be trusted.
        this.emit((events) =>
          events.nativeStream("stderr", `the runtime process sent ${(error as Error).message}; it is ended\n`),
        );
        stream.destroy();
        this.kill();
      }
    });
  }

  private readText(stream: Readable, name: "stdout" | "stderr"): void {
    const decoder = new TextDecoder();
    stream.on("data", (chunk: Buffer) => {
      const text = decoder.decode(chunk, { stream: true });
      if (text) this.emit((events) => events.nativeStream(name, text));
    });
  }

  /** To the main thread: waits behind whatever runs there. */
  request(json: object, buffers?: readonly Uint8Array[]): void {
    for (const piece of encodePacket(json, buffers, ++this.numRequests)) this.control.write(piece);
  }

  /** To the control thread: answered at once. */
  command(json: object): void {
    for (const piece of encodePacket(json)) this.control.write(piece);
  }

  /** Ends the process and everything it started. */
  kill(): void {
    this.child.kill("SIGKILL");
    this.killGroup();
  }

  private killGroup(): void {
    if (this.child.pid === undefined || process.platform === "win32") return;
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch {
      // The group has ended already.
    }
  }
}
