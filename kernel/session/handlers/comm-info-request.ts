import type { Request } from "../session.ts";

export function commInfoRequest({ reply }: Request): void {
  reply({ status: "ok", comms: {} });
}
