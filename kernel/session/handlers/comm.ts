import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** `comm_open`, `comm_msg` and `comm_close` of the page: for the cells that listen. They have no reply. */
export async function comm({ session, message, context }: Request): Promise<void> {
  const { header, content, metadata, buffers } = message;
  const action = header.msg_type as "comm_open" | "comm_msg" | "comm_close";
  session.noteComm(action, content);
  await session.evaluator.comm(
    { context, action, content: { ...content, comm_id: text(content, "comm_id") }, metadata },
    buffers,
  );
}
