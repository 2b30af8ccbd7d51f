import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** The comms that are open; those of one target where the request names it. */
export function commInfoRequest({ session, message, reply }: Request): void {
  const wanted = text(message.content, "target_name");
  const comms: Record<string, { target_name: string }> = {};
  for (const [id, target] of session.comms) if (!wanted || target === wanted) comms[id] = { target_name: target };
  reply({ status: "ok", comms });
}
