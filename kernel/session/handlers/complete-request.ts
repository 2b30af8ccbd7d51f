import { magicNames } from "../../evaluator/magics.ts";
import { count, text } from "../../protocol/messages.ts";
import type { Request, Session } from "../session.ts";
import { toCodePoints, toOffset } from "../text-position.ts";

interface Item {
  readonly name: string;
  readonly type: string;
  readonly signature: string;
}

/** Milliseconds the type server gets where nothing else can answer. */
const typesMs = 1000;

const identifier = "[\\p{ID_Start}$_][\\p{ID_Continue}$]*";
/** A chain without calls, then a dot and the beginning of a name. */
const memberPattern = new RegExp(
  `((?:${identifier})(?:\\??\\.${identifier}|\\[(?:\\d+|'[^']*'|"[^"]*")\\])*)(?:\\?)?\\.(${identifier})?$`,
  "u",
);
const namePattern = new RegExp(`(?<![.\\p{ID_Continue}$])(${identifier})?$`, "u");

/** The cursor is within a string or a comment, as far as its line tells. */
function isInText(line: string): boolean {
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (quote) {
      if (char === "\\") at++;
      else if (char === quote) quote = "";
    } else if (char === '"' || char === "'" || char === "`") quote = char;
    else if (char === "/" && line[at + 1] === "/") return true;
  }
  return quote !== "";
}

export async function completeRequest({ session, message, reply }: Request): Promise<void> {
  const code = text(message.content, "code");
  const offset = toOffset(code, count(message.content, "cursor_pos", Infinity));
  const before = code.slice(0, offset);
  const { items, start } = await completions(session, code, before);
  const [from, to] = [toCodePoints(code, start), toCodePoints(code, offset)];
  reply({
    status: "ok",
    matches: items.map(({ name }) => name),
    cursor_start: from,
    cursor_end: to,
    metadata: {
      _jupyter_types_experimental: items.map(({ name, type, signature }) => ({
        text: name,
        type,
        signature,
        start: from,
        end: to,
      })),
    },
  });
}

/** What may stand at the end of `before`, and the offset where its beginning is typed already. */
async function completions(session: Session, code: string, before: string): Promise<{ items: Item[]; start: number }> {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const magic = /^\s*(%%?\w*)$/.exec(line);
  if (magic)
    return {
      items: magicNames(magic[1]!).map((name) => ({ name, type: "magic", signature: "" })),
      start: before.length - magic[1]!.length,
    };
  const typed = (prefix: string): Promise<Item[]> =>
    session.language.complete(code, before.length, prefix.length).catch((error: Error) => {
      session.log(`completion: ${error.message}`);
      return [];
    });
  if (isInText(line)) {
    const prefix = /[^'"`/]*$/.exec(line)![0];
    return { items: startingWith(await within(typed(prefix), typesMs), prefix), start: before.length - prefix.length };
  }
  const member = memberPattern.exec(before);
  const prefix = member ? (member[2] ?? "") : (namePattern.exec(before)?.[1] ?? "");
  const start = before.length - prefix.length;
  const live = member
    ? await session.evaluator.members(member[1]!)
    : prefix
      ? await session.evaluator.globals()
      : undefined;
  const found: Item[] = startingWith(
    (live ?? []).map((item) => ({ ...item, signature: "" })),
    prefix,
  );
  // Live values answer at once, with what the types have said of this place before; asked anew they are for the next time.
  let types: readonly Item[];
  if (found.length) {
    types = session.language.known(code, before.length, prefix.length);
    if (!types.length) setImmediate(() => void typed(prefix));
  } else types = await within(typed(prefix), typesMs);
  const merged = new Map<string, Item>();
  for (const item of startingWith(types, prefix)) merged.set(item.name, item);
  for (const item of found) if (!merged.has(item.name)) merged.set(item.name, item);
  const items = [...merged.values()].sort((a, b) => Number(a.name.startsWith("_")) - Number(b.name.startsWith("_")));
  return { items, start };
}

/** Case as typed first, then any case. */
function startingWith(items: readonly Item[], prefix: string): Item[] {
  const exact = items.filter(({ name }) => name.startsWith(prefix));
  if (!prefix) return exact;
  const lower = prefix.toLowerCase();
  return exact.length ? exact : items.filter(({ name }) => name.toLowerCase().startsWith(lower));
}

function within<T>(promise: Promise<T[]>, ms: number): Promise<T[]> {
  return Promise.race([promise, new Promise<T[]>((resolve) => setTimeout(() => resolve([]), ms))]);
}
