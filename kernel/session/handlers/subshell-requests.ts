/** Subshells (JEP 91): queues of cells beside the main one. A cell in a subshell runs while the main shell is busy. */
import { randomUUID } from "node:crypto";
import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

export function createSubshellRequest({ session, reply }: Request): void {
  const id = randomUUID();
  session.subshells.set(id, session.newQueue());
  reply({ status: "ok", subshell_id: id });
}

export function deleteSubshellRequest({ session, message, reply }: Request): void {
  const id = text(message.content, "subshell_id");
  if (session.subshells.delete(id)) reply({ status: "ok" });
  else
    reply({ status: "error", ename: "KeyError", evalue: `there is no subshell ${JSON.stringify(id)}`, traceback: [] });
}

export function listSubshellRequest({ session, reply }: Request): void {
  reply({ status: "ok", subshell_id: [...session.subshells.keys()] });
}
