/**
 * The runtime process: user code has its main thread (main-thread.ts), a worker (control.ts) watches over it and hands it
 * requests. It knows nothing of Jupyter's sockets; results go out over a pipe that the protocol process made (channel.ts).
 *
 * The worker is started before anything else is loaded: both threads get ready at the same time.
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { entryPoints } from "../entry-points.ts";
import { type ControlThreadData, descriptors, inputCapacityBytes, numSlots } from "./shared-state.ts";

const state = new Int32Array(new SharedArrayBuffer(4 * numSlots));
const input = new Uint8Array(new SharedArrayBuffer(inputCapacityBytes));
// A port of our own: a worker's passes events on through an EventEmitter, which cells would see in their stacks.
const { port1: port, port2 } = new MessageChannel();
const workerData: ControlThreadData = { state, input, fd: descriptors.control, port: port2 };
new Worker(entryPoints.control, { workerData, transferList: [port2], stdout: true, stderr: true });
void import("./main-thread.ts").then(({ serve }) => serve({ state, input, port }));
