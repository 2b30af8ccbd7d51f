import { answer } from "../../debugger/requests.ts";
import type { Request } from "../session.ts";

/** Debug Adapter Protocol requests, answered in any state of the cell. */
export async function debugRequest({ session, message, reply }: Request): Promise<void> {
  reply(await answer(session.debugging, message.content));
}
