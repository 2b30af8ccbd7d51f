/**
 * The control thread: a worker that holds an inspector session to the main thread, so that it can stop, ask and read while
 * user code has the main thread to itself. It speaks with the protocol process over a socket of its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { type Runtime, Session } from "node:inspector";
import { Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { encodePacket, FrameReader, type Packet } from "./frames.ts";
import { liveGlobals, liveMembers, livePreview } from "./live.ts";
import { type ControlThreadData, slots } from "./shared-state.ts";

const { state, input, fd } = workerData as ControlThreadData;
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

function interruptChildren(): void {
  for (const pid of descendants("self")) {
    try {
      process.kill(pid, "SIGINT");
    } catch {
      // It ended in the meantime.
    }
  }
}

const isRunning = (context: number): boolean => Atomics.load(state, slots.running) === context;

/** Milliseconds a cell gets to end at an `await` of its own before it is torn out of what it does. */
const graceMs = 12;

async function waitForEnd(context: number, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (isRunning(context)) {
    if (performance.now() >= end) return false;
    await sleep(1);
  }
  return true;
}

/** Ends the cell that runs. Resolves when it has ended; a cell deep in native code ends when that returns. */
async function interrupt(): Promise<void> {
  const context = Atomics.load(state, slots.running);
  if (context === 0) return;
  // A main thread that waits for a typed line is woken; a prompt then throws.
  Atomics.store(state, slots.input, 2);
  Atomics.notify(state, slots.input);
  void callMain("interrupt()", 1000);
  if ((await waitForEnd(context, graceMs)) && (await turnsAgain())) return;
  do {
    interruptChildren();
    await post("Runtime.terminateExecution", {}, 50);
    await callMain(`answerTerminated(${context})`, 50);
    await waitForEnd(context, 20);
  } while (isRunning(context) || !(await turnsAgain()));
}

/** Milliseconds within which an idle main thread answers its port. */
const turnMs = 60;

/** Whether the main thread gets back to its event loop: what the cell left behind may keep it busy for ever. */
async function turnsAgain(): Promise<boolean> {
  Atomics.store(state, slots.turned, 0);
  parentPort!.postMessage("turn");
  const end = performance.now() + turnMs;
  while (!Atomics.load(state, slots.turned)) {
    if (performance.now() >= end) return false;
    await sleep(1);
  }
  return true;
}

let interrupting: Promise<void> | undefined;

async function receive({ json }: Packet): Promise<void> {
  switch (json["type"]) {
    case "interrupt":
      interrupting ??= interrupt().finally(() => {
        interrupting = undefined;
      });
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

const reader = new FrameReader();
socket.on("data", (chunk: Buffer) => {
  reader.push(chunk);
  while (reader.next({ packet: (packet) => void receive(packet), stream: () => {} }));
});

/** Milliseconds that text may wait in a busy main thread. */
const holdMs = 40;

parentPort!.on("message", () => {
  setTimeout(() => {
    if (Atomics.load(state, slots.held)) void callMain("flush()", 1000);
  }, holdMs);
});
parentPort!.postMessage("ready");
