/**
 * stdout and stderr of user code. The first writes of a moment go out at once, one frame each, so a crash right after a
 * line cannot lose it; a flood is joined into large frames (a frame a line costs 5 s for a million lines, measured).
 *
 * Order is kept: text of another stream or another cell, and every other message, sends first what is held.
 */
import { Console } from "node:console";
import { isMidFrame, resetChannel, writePacket, writeStream } from "./channel.ts";
import { type CellContext, currentContext } from "./context.ts";
import { slots } from "./shared-state.ts";

type StreamName = "stdout" | "stderr";

/** Within this many milliseconds … */
const momentMs = 20;
/** … this many writes are sent one by one; later ones are joined. */
const directWrites = 100;
/** Joined text is sent when it has this many characters. */
const joinedLength = 1 << 16;

let momentStart = 0;
let writesOfMoment = 0;
let held = "";
let heldContext: CellContext | undefined;
let heldName: StreamName = "stdout";
let isArmed = false;
let state: Int32Array = new Int32Array(8);
let notifyHeld: () => void = () => {};

/** `notify` tells the control thread that text is held; it calls `flush` here where a busy main thread does not. */
export function connectOutput(sharedState: Int32Array, notify: () => void): void {
  state = sharedState;
  notifyHeld = notify;
}

export function writeText(name: StreamName, text: string, context: CellContext = currentContext()): void {
  if (!text || context.silent) return;
  if (context.redirect) {
    context.redirect.stream(name, text);
    return;
  }
  if (held && (context !== heldContext || name !== heldName)) flush();
  const now = performance.now();
  if (now - momentStart > momentMs) {
    momentStart = now;
    writesOfMoment = 0;
  }
  if (!held && writesOfMoment < directWrites && !isMidFrame()) {
    writesOfMoment++;
    writeStream(context.id, name, text);
    return;
  }
  heldContext = context;
  heldName = name;
  held += text;
  if (held.length >= joinedLength) flush();
  else if (!isArmed) {
    isArmed = true;
    Atomics.store(state, slots.held, 1);
    setImmediate(flush);
    notifyHeld();
  }
}

export function flush(): void {
  if (!held || isMidFrame()) return;
  const text = held;
  held = "";
  isArmed = false;
  Atomics.store(state, slots.held, 0);
  writeStream(heldContext!.id, heldName, text);
}

/** A message after all text that was written before it. */
export function send(json: object, buffers?: readonly Uint8Array[]): void {
  flush();
  writePacket(json, buffers);
}

/** After a cell was torn out of the middle of anything above. */
export function resetOutput(): void {
  resetChannel();
  isArmed = false;
  flush();
}

/** An iopub message of the current cell. Content that JSON cannot hold (bigint, cycles) is written as text. */
export function publish(
  msgType: string,
  content: object,
  options: { metadata?: object; buffers?: readonly Uint8Array[]; context?: CellContext } = {},
): void {
  const context = options.context ?? currentContext();
  if (context.silent || context.redirect?.publish(msgType, content as Record<string, unknown>)) return;
  send(
    { type: "publish", context: context.id, msgType, content: toJson(content), metadata: options.metadata ?? {} },
    options.buffers,
  );
}

function toJson(value: object): object {
  try {
    JSON.stringify(value);
    return value;
  } catch {
    const seen = new WeakSet<object>();
    return JSON.parse(
      JSON.stringify(value, (_key, item: unknown) => {
        if (typeof item === "bigint") return item.toString();
        if (typeof item === "object" && item !== null) {
          if (seen.has(item)) return "[Circular]";
          seen.add(item);
        }
        return item;
      }),
    ) as object;
  }
}

/** Puts our writer behind `process.stdout` and `process.stderr`, and so behind `console`. */
export function captureStandardStreams(): void {
  for (const name of ["stdout", "stderr"] as const) {
    const decoder = new TextDecoder();
    const write = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
      const done = typeof encoding === "function" ? encoding : callback;
      const text =
        typeof chunk === "string"
          ? typeof encoding === "string" && encoding !== "utf8" && encoding !== "utf-8"
            ? Buffer.from(chunk, encoding as BufferEncoding).toString()
            : chunk
          : decoder.decode(chunk as Uint8Array, { stream: true });
      writeText(name, text);
      if (typeof done === "function") process.nextTick(done as () => void);
      return true;
    };
    Object.defineProperty(process[name], "write", { value: write, writable: true, configurable: true });
  }
  // The global console hands every line to the inspector as well, which keeps it: 45 µs a line against 7 (measured).
  const ours = new Console({ stdout: process.stdout, stderr: process.stderr, ignoreErrors: false });
  for (const name of Object.keys(ours) as (keyof Console)[])
    Object.defineProperty(console, name, { value: ours[name], writable: true, configurable: true, enumerable: true });
}
