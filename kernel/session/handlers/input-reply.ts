import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** What was typed for the last `input_request`. Has no reply of its own. */
export function inputReply({ session, message }: Request): void {
  session.answerInput(text(message.content, "value"));
}
