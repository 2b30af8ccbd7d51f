import { count, flag, text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** What was run before, in this session and earlier ones. */
export async function historyRequest({ session, message, reply }: Request): Promise<void> {
  const { content } = message;
  const access = text(content, "hist_access_type", "tail");
  const found = await session.history.find(
    access === "range"
      ? {
          kind: "range",
          session: count(content, "session", 0),
          start: count(content, "start", 0),
          stop: count(content, "stop", Infinity),
        }
      : access === "search"
        ? {
            kind: "search",
            pattern: text(content, "pattern", "*"),
            count: count(content, "n", Infinity),
            unique: flag(content, "unique", false),
          }
        : { kind: "tail", count: count(content, "n", 10) },
  );
  const withOutput = flag(content, "output", false);
  const history = found.map((entry) => [
    entry.session,
    entry.line,
    withOutput ? [entry.input, entry.output ?? null] : entry.input,
  ]);
  reply({ status: "ok", history });
}
