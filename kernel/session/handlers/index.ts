/** Message type → handler. A new message is a file here and a line below. */
import type { Handler } from "../session.ts";
import { comm } from "./comm.ts";
import { commInfoRequest } from "./comm-info-request.ts";
import { completeRequest } from "./complete-request.ts";
import { debugRequest } from "./debug-request.ts";
import { diagnosticsRequest } from "./diagnostics-request.ts";
import { executeRequest } from "./execute-request.ts";
import { historyRequest } from "./history-request.ts";
import { inputReply } from "./input-reply.ts";
import { inspectRequest } from "./inspect-request.ts";
import { interruptRequest } from "./interrupt-request.ts";
import { isCompleteRequest } from "./is-complete-request.ts";
import { kernelInfoRequest } from "./kernel-info-request.ts";
import { shutdownRequest } from "./shutdown-request.ts";
import { createSubshellRequest, deleteSubshellRequest, listSubshellRequest } from "./subshell-requests.ts";
import { usageRequest } from "./usage-request.ts";

export const handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["comm_close", comm],
  ["comm_info_request", commInfoRequest],
  ["comm_msg", comm],
  ["comm_open", comm],
  ["complete_request", completeRequest],
  ["create_subshell_request", createSubshellRequest],
  ["debug_request", debugRequest],
  ["delete_subshell_request", deleteSubshellRequest],
  ["diagnostics_request", diagnosticsRequest],
  ["execute_request", executeRequest],
  ["history_request", historyRequest],
  ["input_reply", inputReply],
  ["inspect_request", inspectRequest],
  ["interrupt_request", interruptRequest],
  ["is_complete_request", isCompleteRequest],
  ["kernel_info_request", kernelInfoRequest],
  ["list_subshell_request", listSubshellRequest],
  ["shutdown_request", shutdownRequest],
  ["usage_request", usageRequest],
]);
