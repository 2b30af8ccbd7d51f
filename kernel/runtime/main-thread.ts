/** The main thread of the runtime process: takes requests from the control thread and runs them. */
import { answerTorn, connectCells, type ExecuteRequest, execute, reportLate } from "./cell.ts";
import { writePacket } from "./channel.ts";
import { type CommRequest, receiveComm } from "./comms.ts";
import { followContexts, resetContext } from "./context.ts";
import { decodeBody } from "./frames.ts";
import { installGlobals } from "./globals.ts";
import { connectInput, receiveInput } from "./input.ts";
import { captureStandardStreams, connectOutput, flush, resetOutput } from "./output.ts";
import { type MainMessage, type MainThreadData, slots } from "./shared-state.ts";
import { installStackTraces } from "./stack.ts";

/** Begins to serve. `port` leads to the control thread; what it has said already waits there. */
export function serve({ state, input, port }: MainThreadData): void {
  connectOutput(state, () => port.postMessage("held"));
  connectInput(state, input);
  connectCells(state);
  followContexts(state);
  captureStandardStreams();
  installStackTraces();
  installGlobals();

  process.on("uncaughtException", (error) => reportLate(error, "Uncaught"));
  process.on("unhandledRejection", (reason, promise) => reportLate(reason, "Unhandled rejection:", promise));
  process.on("exit", flush);
  // Signals are the protocol process's business: an interrupt comes through the control thread.
  process.on("SIGINT", () => {});

  /**
   * Takes up a request. V8 may tear us out of this at any call, so its number is stored once it is safe: what was not taken
   * is handed over again, and what comes twice is left.
   */
  function take(number: number, body: Uint8Array): void {
    if (number !== Atomics.load(state, slots.taken) + 1) return;
    const accepted = (): void => {
      Atomics.store(state, slots.taken, number);
    };
    const { json, buffers } = decodeBody(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    switch (json["type"]) {
      case "execute":
        execute(json as unknown as ExecuteRequest, accepted);
        break;
      case "comm":
        receiveComm(json as unknown as CommRequest, buffers, accepted);
        break;
      default:
        accepted();
        receiveInput(json["value"] as string | null);
    }
  }

  port.on("message", (message: MainMessage) => {
    if ("body" in message) {
      take(message.number, message.body);
      return;
    }
    if ("isTorn" in message) {
      if (message.isTorn) {
        resetContext();
        resetOutput();
      }
      answerTorn();
    }
    Atomics.store(state, slots.turned, message.turn);
  });
  writePacket({ type: "ready", pid: process.pid, node: process.version });
}
