import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

export async function isCompleteRequest({ session, message, reply }: Request): Promise<void> {
  reply(await session.evaluator.completeness(text(message.content, "code")));
}
