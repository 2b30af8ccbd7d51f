/** Message type → handler. A new message is a file here and a line below. */
import type { Handler } from "../session.ts";
import { commInfoRequest } from "./comm-info-request.ts";
import { executeRequest } from "./execute-request.ts";
import { inputReply } from "./input-reply.ts";
import { interruptRequest } from "./interrupt-request.ts";
import { isCompleteRequest } from "./is-complete-request.ts";
import { kernelInfoRequest } from "./kernel-info-request.ts";
import { shutdownRequest } from "./shutdown-request.ts";

export const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["comm_info_request", commInfoRequest],
  ["execute_request", executeRequest],
  ["input_reply", inputReply],
  ["interrupt_request", interruptRequest],
  ["is_complete_request", isCompleteRequest],
  ["kernel_info_request", kernelInfoRequest],
  ["shutdown_request", shutdownRequest],
]);
