import type { Request } from "../session.ts";

/** Replies at once, as front ends expect; the request is over (idle) when the cell has stopped. */
export function interruptRequest({ session, reply }: Request): Promise<void> {
  const stopped = session.interrupt();
  reply({ status: "ok" });
  return stopped;
}
