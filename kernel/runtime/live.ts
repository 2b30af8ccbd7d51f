/**
 * Live values, read by the control thread through the inspector, also while the main thread is in a loop. Expressions are
 * evaluated with V8's side-effect guard: a getter or call that would change anything is refused instead of run.
 */
import type { Runtime, Session } from "node:inspector";

export interface LiveName {
  readonly name: string;
  /** typeof, with "class" and "module" told apart where it is cheap. */
  readonly type: string;
}

/** Milliseconds an expression may take on the main thread, and to be answered at all. */
const evaluateMs = 60;
const answerMs = 150;

function post<T>(session: Session, method: string, params: object): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), answerMs);
    session.post(method, params, (error: Error | null, result?: object) => {
      clearTimeout(timer);
      resolve(error ? undefined : (result as T));
    });
  });
}

async function evaluate(
  session: Session,
  expression: string,
  generatePreview = false,
): Promise<Runtime.RemoteObject | undefined> {
  const answer = await post<Runtime.EvaluateReturnType>(session, "Runtime.evaluate", {
    expression: `(${expression})`,
    throwOnSideEffect: true,
    timeout: evaluateMs,
    silent: true,
    generatePreview,
    objectGroup: "live",
  });
  return answer && !answer.exceptionDetails ? answer.result : undefined;
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * The members of a value, as a list of name, type, name, type …; null where it has none. Runs on the main thread in one
 * question: V8's own `Runtime.getProperties` describes every value, which costs ten times as much.
 */
const membersSource = String(function members(value: unknown): string[] | null {
  if (value === undefined || value === null) return null;
  const found: string[] = [];
  const seen = new Set<string>();
  for (
    let owner = Object(value) as object | null;
    owner !== null;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    // Elements are no members; listing a million of them would take a second.
    const isList = Array.isArray(owner) || ArrayBuffer.isView(owner) || owner instanceof String;
    const isElements = isList && Number((owner as { length?: unknown }).length) > 100;
    for (const name of isElements ? ["length"] : Object.getOwnPropertyNames(owner)) {
      if (seen.has(name)) continue;
      seen.add(name);
      const descriptor = Object.getOwnPropertyDescriptor(owner, name);
      const member: unknown = descriptor && "value" in descriptor ? descriptor.value : Symbol.iterator;
      const type = typeof member;
      const isClass = type === "function" && Function.prototype.toString.call(member).startsWith("class");
      const shown = type === "object" || type === "undefined" ? "instance" : type === "symbol" ? "property" : type;
      found.push(name, isClass ? "class" : shown);
    }
  }
  return found;
});

/** Members of an object, own and inherited, without array indices; undefined where the expression has no live value. */
export async function liveMembers(session: Session, expression: string): Promise<LiveName[] | undefined> {
  const answer = await post<Runtime.EvaluateReturnType>(session, "Runtime.evaluate", {
    expression: `(${membersSource})(${expression})`,
    throwOnSideEffect: true,
    timeout: evaluateMs,
    silent: true,
    returnByValue: true,
  });
  const found = answer && !answer.exceptionDetails ? (answer.result.value as string[] | null | undefined) : undefined;
  if (!found) return undefined;
  const names: LiveName[] = [];
  for (let index = 0; index < found.length; index += 2)
    if (identifier.test(found[index]!)) names.push({ name: found[index]!, type: found[index + 1]! });
  return names;
}

/** Names that stand for something at the top of a cell: cells' own, and globals. */
export async function liveGlobals(session: Session): Promise<LiveName[] | undefined> {
  const [own, globals] = await Promise.all([
    post<{ names: string[] }>(session, "Runtime.globalLexicalScopeNames", {}),
    liveMembers(session, "globalThis"),
  ]);
  if (!globals) return undefined;
  return [...(own?.names ?? []).map((name) => ({ name, type: "instance" })), ...globals];
}

/** Begins what is said of a function: its head. Types, where they are known, say more. */
export const functionMark = "ƒ ";

/** One line about a live value: its class and what V8 shows of its contents. */
export async function livePreview(session: Session, expression: string): Promise<string | undefined> {
  const value = await evaluate(session, expression, true);
  void post(session, "Runtime.releaseObjectGroup", { objectGroup: "live" });
  if (!value || value.type === "undefined") return undefined;
  if (value.type === "function") return `${functionMark}${/^[^{\n]*/.exec(value.description ?? "")![0].trim()}`;
  if (value.type === "string") return JSON.stringify(value.value).slice(0, 200);
  const { preview } = value;
  if (!preview) return value.description ?? String(value.value);
  const items = preview.properties.map((item) =>
    preview.subtype === "array" || preview.subtype === "typedarray"
      ? item.value
      : `${item.name}: ${item.value ?? item.type}`,
  );
  const more = preview.overflow ? ", …" : "";
  const isList = preview.subtype === "array" || preview.subtype === "typedarray";
  const content = items.length ? `${isList ? "[" : "{ "}${items.join(", ")}${more}${isList ? "]" : " }"}` : "";
  return `${value.description ?? value.className ?? ""} ${content}`.trim();
}
