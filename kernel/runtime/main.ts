/**
 * The runtime process: user code has its main thread, a worker (control.ts) watches over it. It knows nothing of Jupyter's
 * sockets; requests come in and results go out over pipes that the protocol process made (channel.ts).
 */
import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { answerTerminated, connectCells, type ExecuteRequest, execute, reportLate } from "./cell.ts";
import { descriptors, writePacket } from "./channel.ts";
import { type CommRequest, receiveComm } from "./comms.ts";
import { followContexts, resetContext } from "./context.ts";
import { FrameReader, type Packet } from "./frames.ts";
import { installGlobals } from "./globals.ts";
import { connectInput, receiveInput } from "./input.ts";
import { captureStandardStreams, connectOutput, flush, resetOutput } from "./output.ts";
import { type ControlThreadData, inputCapacityBytes, numSlots, slots } from "./shared-state.ts";
import { installStackTraces } from "./stack.ts";

const state = new Int32Array(new SharedArrayBuffer(4 * numSlots));
const input = new Uint8Array(new SharedArrayBuffer(inputCapacityBytes));

const workerData: ControlThreadData = { state, input, fd: descriptors.control };
const worker = new Worker(new URL("./control.js", import.meta.url), { workerData, stdout: true, stderr: true });
worker.unref();

connectOutput(state, () => worker.postMessage("held"));
connectInput(state, input);
connectCells((context) => Atomics.store(state, slots.running, context));
followContexts();
captureStandardStreams();
installStackTraces();
installGlobals((context) => {
  resetContext();
  resetOutput();
  answerTerminated(context);
  setImmediate(drain);
});

process.on("uncaughtException", (error) => reportLate(error, "Uncaught"));
process.on("unhandledRejection", (reason, promise) => reportLate(reason, "Unhandled rejection:", promise));
process.on("exit", flush);
// Signals are the protocol process's business: an interrupt comes through the control thread.
process.on("SIGINT", () => {});

const reader = new FrameReader();
const sink = {
  packet({ json, buffers }: Packet): void {
    switch (json["type"]) {
      case "execute":
        execute(json as unknown as ExecuteRequest);
        break;
      case "comm":
        receiveComm(json as unknown as CommRequest, buffers);
        break;
      case "input_reply":
        receiveInput(json["value"] as string | null);
        break;
    }
  },
  stream(): void {},
};

/** Takes frames until none is left; a cell that is torn out leaves the rest to the next call. */
function drain(): void {
  while (reader.next(sink));
}

const buffer = Buffer.allocUnsafe(1 << 16);
const requests = new Socket({
  fd: descriptors.requests,
  readable: true,
  writable: false,
  onread: {
    buffer,
    callback: (numBytes: number) => {
      reader.push(Buffer.from(buffer.subarray(0, numBytes)));
      drain();
      return true;
    },
  },
} as ConstructorParameters<typeof Socket>[0]);
requests.on("close", () => process.kill(process.pid, "SIGKILL"));
requests.resume();

worker.on("message", (message) => {
  if (message === "turn") Atomics.store(state, slots.turned, 1);
  else writePacket({ type: "ready", pid: process.pid, node: process.version });
});
