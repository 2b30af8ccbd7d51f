import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/**
 * Debug Adapter Protocol requests. This kernel has no debugger, says so in its kernel_info, and answers `debugInfo` (which
 * front ends ask of every kernel) with a state in which nothing is started; every other command fails with a reason.
 */
export function debugRequest({ message, reply }: Request): void {
  const { content } = message;
  const command = text(content, "command");
  const answer = { type: "response", request_seq: content["seq"] ?? 0, seq: content["seq"] ?? 0, command };
  if (command !== "debugInfo") {
    reply({ ...answer, success: false, message: "this kernel has no debugger" });
    return;
  }
  reply({
    ...answer,
    success: true,
    body: {
      isStarted: false,
      hashMethod: "Murmur2",
      hashSeed: 0,
      tmpFilePrefix: "",
      tmpFileSuffix: ".ts",
      breakpoints: [],
      stoppedThreads: [],
      richRendering: false,
      exceptionPaths: [],
    },
  });
}
