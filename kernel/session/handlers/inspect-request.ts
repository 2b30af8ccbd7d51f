import { count, text } from "../../protocol/messages.ts";
import { functionMark } from "../../runtime/live.ts";
import type { Request } from "../session.ts";
import { toOffset } from "../text-position.ts";

const identifier = /[\p{ID_Start}$_][\p{ID_Continue}$]*/gu;

/** Milliseconds the type server gets; without it the live value answers alone. */
const typesMs = 500;
/** What it gets while it still reads the library, where there is a live value to show. */
const coldMs = 15;

const after = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(() => resolve(undefined), ms));

/** The name under the cursor with the chain it hangs on: `a.b|c.d` gives `a.bc`. */
function expressionAt(
  code: string,
  offset: number,
): { readonly expression: string; readonly start: number } | undefined {
  for (const match of code.matchAll(identifier)) {
    const end = match.index + match[0].length;
    if (match.index > offset || end < offset) continue;
    const chain = /(?:[\p{ID_Start}$_][\p{ID_Continue}$]*\s*\??\.\s*)*$/u.exec(code.slice(0, match.index))![0];
    return { expression: chain + match[0], start: match.index };
  }
  return undefined;
}

/** Signature and documentation from the types, and what the value is now. */
export async function inspectRequest({ session, message, reply }: Request): Promise<void> {
  const code = text(message.content, "code");
  const at = expressionAt(code, toOffset(code, count(message.content, "cursor_pos", Infinity)));
  if (!at) {
    reply({ status: "ok", found: false, data: {}, metadata: {} });
    return;
  }
  const hover = session.language.hover(code, at.start).catch((error: Error) => {
    session.log(`inspection: ${error.message}`);
    return undefined;
  });
  const preview = session.evaluator.preview(at.expression);
  const patience = session.language.isWarm
    ? after(typesMs)
    : preview.then((value) => after(value === undefined ? typesMs : coldMs));
  const [types, live] = await Promise.all([Promise.race([hover, patience]), preview]);
  const value = types !== undefined && live?.startsWith(functionMark) ? undefined : live;
  if (types === undefined && value === undefined) {
    reply({ status: "ok", found: false, data: {}, metadata: {} });
    return;
  }
  const fence = "```";
  const markdown = [types, value === undefined ? undefined : `Now: ${fence}${value.replaceAll("`", "'")}${fence}`]
    .filter(Boolean)
    .join("\n\n");
  const plain = [
    types
      ?.replace(/^```.*$/gm, "")
      .replace(/\*\*|(?<!\w)`|`(?!\w)/g, "")
      .trim(),
    value === undefined ? undefined : `Now: ${value}`,
  ]
    .filter(Boolean)
    .join("\n\n");
  reply({ status: "ok", found: true, data: { "text/plain": plain, "text/markdown": markdown }, metadata: {} });
}
