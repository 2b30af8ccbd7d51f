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

function typeOf(value: Runtime.RemoteObject | undefined): string {
  if (!value) return "property";
  if (value.type === "function")
    return value.className === "Function" && value.description?.startsWith("class") ? "class" : "function";
  return value.type === "object" || value.type === "undefined" ? "instance" : value.type;
}

/** Members of an object, own and inherited, without array indices; undefined where the expression has no live value. */
export async function liveMembers(session: Session, expression: string): Promise<LiveName[] | undefined> {
  let value = await evaluate(session, expression);
  if (!value || value.type === "undefined" || value.subtype === "null") return undefined;
  const wasPrimitive = value.objectId === undefined;
  if (wasPrimitive) value = await evaluate(session, `Object(${expression})`);
  if (!value?.objectId) return undefined;
  const found = await post<Runtime.GetPropertiesReturnType>(session, "Runtime.getProperties", {
    objectId: value.objectId,
    ownProperties: false,
    nonIndexedPropertiesOnly: true,
  });
  void post(session, "Runtime.releaseObjectGroup", { objectGroup: "live" });
  if (!found) return undefined;
  const names = new Map<string, LiveName>();
  for (const { name, value: member, symbol } of found.result) {
    if (symbol || names.has(name) || !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) continue;
    names.set(name, { name, type: member ? typeOf(member) : "property" });
  }
  return [...names.values()];
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

/** One line about a live value: its class and what V8 shows of its contents. */
export async function livePreview(session: Session, expression: string): Promise<string | undefined> {
  const value = await evaluate(session, expression, true);
  void post(session, "Runtime.releaseObjectGroup", { objectGroup: "live" });
  if (!value || value.type === "undefined") return undefined;
  // A function's signature is the types' business; its text says less.
  if (value.type === "function") return undefined;
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
