/**
 * The control thread: a worker that holds an inspector session to the main thread, so that it can stop, ask and read while
 * user code has the main thread to itself. It speaks with the protocol process over a socket of its own, and hands the main
 * thread its requests: it keeps each until it was taken up, for V8's termination may tear the main thread out of anything,
 * Node's own reading of a socket included.
 */
import { readdirSync, readFileSync } from "node:fs";
import { type Runtime, Session } from "node:inspector";
import { Socket } from "node:net";
import { workerData } from "node:worker_threads";
import { encodePacket, FrameReader, type Packet } from "./frames.ts";
import { liveGlobals, liveMembers, livePreview } from "./live.ts";
import { type ControlThreadData, type MainMessage, slots } from "./shared-state.ts";

const { state, input, fd, port } = workerData as ControlThreadData;
const session = new Session();
session.connectToMainThread();

const socket = new Socket({ fd, readable: true, writable: true });
// The protocol process is gone: whatever runs here, runs for nobody.
const orphaned = (): void => {
  process.kill(process.pid, "SIGKILL");
};
socket.on("close", orphaned);
socket.on("error", orphaned);

function reply(json: object): void {
  for (const piece of encodePacket(json)) socket.write(piece);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a command to the main thread's inspector; undefined where it failed or did not answer in time. */
function post(method: string, params: object, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    session.post(method, params, (error: Error | null, result?: object) => {
      clearTimeout(timer);
      resolve(error ? undefined : result);
    });
  });
}

/** Calls a method of the runtime's global object on the main thread, between two instructions of user code if need be. */
async function callMain(expression: string, timeoutMs: number): Promise<Runtime.RemoteObject | undefined> {
  const answer = (await post(
    "Runtime.evaluate",
    { expression: `$inferlab.${expression}`, returnByValue: true, silent: true },
    timeoutMs,
  )) as Runtime.EvaluateReturnType | undefined;
  return answer && !answer.exceptionDetails ? answer.result : undefined;
}

/** Process ids of all that a process started, where the system lists them. */
function descendants(pid: number | "self"): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return [...children, ...children.flatMap(descendants)];
  } catch {
    return []; // It has ended; or not Linux: a child that blocks us ends by itself, then the termination takes hold.
  }
}

/** What children get that keep the main thread waiting, by the milliseconds the interrupt has lasted. */
const childSignals: readonly (readonly [number, NodeJS.Signals])[] = [
  [2500, "SIGKILL"],
  [1000, "SIGTERM"],
  [0, "SIGINT"],
];

function signalChildren(elapsedMs: number): void {
  const [, signal] = childSignals.find(([ms]) => elapsedMs >= ms)!;
  for (const pid of descendants("self")) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in the meantime.
    }
  }
}

/** Milliseconds the main thread gets to come back to its event loop before it is torn out of what it does … */
const graceMs = 25;
/** … on a machine that gave the process this much of its time meanwhile, in ms; … */
const graceCpuMs = 10;
/** … and on any. */
const longGraceMs = 60;
/** Milliseconds within which a main thread with nothing to do answers from its event loop. */
const turnMs = 60;
/** Milliseconds given to a step that takes one when the main thread listens. */
const stepMs = 30;

async function waitFor(condition: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() >= end) return false;
    await sleep(1);
  }
  return true;
}

/**
 * Whether the main thread gets back to its event loop by itself: then interrupted cells end at their `await`s, and nothing
 * that other cells have begun is torn. Child processes that it waits for are told after the first while.
 */
async function turnsInGrace(): Promise<boolean> {
  const turn = ++numTurns;
  port.postMessage({ turn } satisfies MainMessage);
  const hasTurned = (): boolean => Atomics.load(state, slots.turned) === turn;
  const cpu = process.cpuUsage();
  if (await waitFor(hasTurned, graceMs)) return true;
  signalChildren(0);
  await waitFor(() => hasTurned() || process.cpuUsage(cpu).user >= graceCpuMs * 1000, longGraceMs - graceMs);
  return hasTurned();
}

let numTurns = 0;

/** Asks the main thread for a sign from its event loop, and to answer for torn cells; true where it came in time. */
function turns(message: { isTorn?: boolean }, ms: number): Promise<boolean> {
  const turn = ++numTurns;
  port.postMessage({ ...message, turn } satisfies MainMessage);
  return waitFor(() => Atomics.load(state, slots.turned) === turn, ms);
}

/** Requests that the main thread may not have taken up yet, by number. */
const handedOver = new Map<number, MainMessage>();

function forgetTaken(): void {
  const taken = Atomics.load(state, slots.taken);
  for (const number of handedOver.keys()) if (number <= taken) handedOver.delete(number);
}

/** Bytes from which a message is worth the memory that both threads share: it is not copied once more. */
const sharedBytes = 1 << 16;
/** Milliseconds after which a large message that was taken up is let go. */
const forgetMs = 1000;

function handOver(number: number, bytes: Uint8Array): void {
  const isLarge = bytes.byteLength >= sharedBytes;
  const body = isLarge ? new Uint8Array(new SharedArrayBuffer(bytes.byteLength)) : new Uint8Array(bytes.byteLength);
  body.set(bytes);
  forgetTaken();
  handedOver.set(number, { number, body });
  port.postMessage({ number, body } satisfies MainMessage);
  if (isLarge) setTimeout(forgetTaken, forgetMs).unref();
}

/** An answer that has not come yet, for commands of which one at a time is enough. */
class Outstanding {
  private promise: Promise<unknown> | undefined;

  get isOpen(): boolean {
    return this.promise !== undefined;
  }

  /** Sends, where nothing is outstanding, and waits a moment for the answer. */
  async ask(send: () => Promise<unknown>, ms: number): Promise<void> {
    this.promise ??= send().finally(() => {
      this.promise = undefined;
    });
    await Promise.race([this.promise, sleep(ms)]);
  }
}

const forEver = 2 ** 31 - 1;
const flagging = new Outstanding();
const tearing = new Outstanding();
const absorbing = new Outstanding();

/**
 * Has V8 terminate what the main thread runs. Where it runs nothing, the termination waits for the next JavaScript there is:
 * an expression of ours absorbs it.
 */
async function tear(): Promise<void> {
  await tearing.ask(() => post("Runtime.terminateExecution", {}, forEver), stepMs);
  if (tearing.isOpen) await absorbing.ask(() => post("Runtime.evaluate", { expression: "0" }, forEver), stepMs);
}

/**
 * Ends the cells up to the cancelled one, and whatever keeps the main thread from its event loop. Resolves when the main
 * thread is free; not before native code that cannot be interrupted returns: the protocol process has the last word.
 */
async function interrupt(): Promise<void> {
  const began = performance.now();
  const isRunning = (): boolean => {
    const context = Atomics.load(state, slots.running);
    return context !== 0 && context <= Atomics.load(state, slots.cancelled);
  };
  // A main thread that waits for a typed line is woken; a prompt then throws.
  Atomics.store(state, slots.input, 2);
  Atomics.notify(state, slots.input);
  void flagging.ask(() => callMain("interrupt()", forEver), 0);
  let isTorn = false;
  if (!(await turnsInGrace())) {
    do {
      Atomics.store(state, slots.isPurging, 1);
      signalChildren(performance.now() - began);
      await tear();
      isTorn = true;
    } while (tearing.isOpen || !(await turns({ isTorn }, turnMs)) || isRunning());
    Atomics.store(state, slots.isPurging, 0);
  } else await waitFor(() => !isRunning(), graceMs);
  await turns({ isTorn }, turnMs);
  // What came while the main thread was being torn about may be lost there.
  forgetTaken();
  for (const message of handedOver.values()) port.postMessage(message);
}

let interrupting: Promise<void> | undefined;

async function receive({ json }: Packet): Promise<void> {
  switch (json["type"]) {
    case "interrupt":
      Atomics.store(state, slots.cancelled, Number(json["through"]));
      interrupting = (interrupting ?? Promise.resolve()).then(interrupt);
      await interrupting;
      reply({ type: "settled", id: json["id"] });
      break;
    case "execute":
      // A long main cell may keep us waiting, but not for ever: the runtime answers by itself when the cell has ended.
      void callMain(`execute(${JSON.stringify(JSON.stringify({ ...json, isSide: true }))})`, 1 << 30);
      break;
    case "live": {
      const expression = String(json["expression"]);
      const answer =
        json["ask"] === "members"
          ? await liveMembers(session, expression)
          : json["ask"] === "globals"
            ? await liveGlobals(session)
            : await livePreview(session, expression);
      reply({ type: "live", id: json["id"], answer: answer ?? null });
      break;
    }
    case "inspector":
      session.post(String(json["method"]), json["params"] as object, (error: Error | null, result?: object) =>
        reply({ type: "inspector", id: json["id"], ...(error ? { error: error.message } : { result: result ?? {} }) }),
      );
      break;
    case "input_reply": {
      const bytes = Buffer.from(String(json["value"])).subarray(0, input.length);
      input.set(bytes);
      Atomics.store(state, slots.inputBytes, bytes.length);
      Atomics.store(state, slots.input, json["value"] === null ? 2 : 1);
      Atomics.notify(state, slots.input);
      break;
    }
  }
}

/** Our compiled sources; packages are not ours, but nobody wants to hear of each of their files. */
const ownUrl = new URL("..", import.meta.url).href;

// V8 sends these only while the debugger is on; of the scripts, those that can be broken in.
session.on("inspectorNotification", ({ method, params }: { method: string; params: object }) => {
  if (method === "Debugger.scriptParsed") {
    const { url } = params as { url: string };
    if (!url.startsWith("cell[") && (!url.startsWith("file:") || url.startsWith(ownUrl))) return;
  }
  if (method.startsWith("Debugger.")) reply({ type: "inspector_event", method, params });
});

const sink = { packet: (packet: Packet) => void receive(packet), stream: () => {}, forward: handOver };
const reader = new FrameReader();
socket.on("data", (chunk: Buffer) => {
  reader.push(chunk);
  while (reader.next(sink));
});

/** Milliseconds that text may wait in a busy main thread. */
const holdMs = 40;

port.on("message", () => {
  setTimeout(() => {
    if (Atomics.load(state, slots.held)) void callMain("flush()", 1000);
  }, holdMs);
});
