import type { Json } from "../../protocol/messages.ts";
import { text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** Most diagnostics of one answer. */
const maxShown = 100;

/**
 * Ours: the errors of a cell that is being written, for a front end to underline. `code` is the cell, `others` the notebook's
 * other cells, which may not have run. Lines and characters count from 0, characters in UTF-16 units, as in LSP.
 */
export async function diagnosticsRequest({ session, message, reply }: Request): Promise<void> {
  const others = message.content["others"];
  const texts = Array.isArray(others) ? others.filter((item): item is string => typeof item === "string") : [];
  const found = await session.language.draft(text(message.content, "code"), texts).catch((error: Error) => {
    session.log(`diagnostics: ${error.message}`);
    return [];
  });
  const diagnostics = found.slice(0, maxShown).map(
    ({ code, message: said, start, end }): Json => ({
      code,
      message: said,
      start: { ...start },
      end: { ...end },
    }),
  );
  reply({ status: "ok", diagnostics });
}
