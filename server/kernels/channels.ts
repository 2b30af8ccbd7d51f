/** Joins a page's WebSocket to a kernel until either goes. */
import type { WebSocket } from "ws";
import { packJson, packV1, unpackJson, unpackV1, v1Protocol } from "./framing.ts";
import type { Channel, Kernel } from "./kernel.ts";

/** Bytes that may wait for a slow page before it is cut off. */
const maxWaitingBytes = 512 * 1024 * 1024;

const isRequestChannel = (name: string): name is Channel => name === "shell" || name === "control" || name === "stdin";

/** One message in fragments, so that large buffers are not copied into one. */
function sendParts(socket: WebSocket, parts: readonly Uint8Array[]): void {
  parts.forEach((part, index) => {
    socket.send(part, { binary: true, fin: index === parts.length - 1 });
  });
}

export function serveChannels(socket: WebSocket, kernel: Kernel, sessionId: string): void {
  const v1 = socket.protocol === v1Protocol;
  const link = kernel.connect(sessionId, {
    receive(channel, frames) {
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > maxWaitingBytes) socket.terminate();
      else if (v1) sendParts(socket, packV1(channel, frames));
      else socket.send(packJson(channel, frames));
    },
    closed: () => socket.close(1001, "the kernel is gone"),
  });
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    const message = v1 && isBinary ? unpackV1(data) : unpackJson(data, isBinary);
    if (message && isRequestChannel(message.channel)) link.send(message.channel, message.frames);
    else console.warn(`kernel ${kernel.id}: a page sent what is not a message; it was dropped`);
  });
  socket.on("error", (error) => console.warn(`kernel ${kernel.id}: ${error.message}`));
  socket.on("close", () => link.leave());
}
