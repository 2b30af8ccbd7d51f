import type { Request } from "../session.ts";

/** Replies at once and is over at once, whatever the cell does: that it stopped is told by the cell's own reply. */
export function interruptRequest({ session, reply }: Request): void {
  void session.interrupt();
  reply({ status: "ok" });
}
