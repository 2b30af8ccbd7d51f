import { flag } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** Replies and tells all clients, then ends the process; a restart is the front end's to make. */
export function shutdownRequest({ session, message, reply, publish }: Request): void {
  const content = { status: "ok", restart: flag(message.content, "restart", false) };
  reply(content);
  publish("shutdown_reply", content);
  // After the idle status of this request.
  setImmediate(() => void session.shutdown());
}
