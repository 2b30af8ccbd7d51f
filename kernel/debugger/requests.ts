/**
 * The requests of front ends (Debug Adapter Protocol 1.51, and Jupyter's own beside it: debugInfo, dumpCell, inspectVariables,
 * richInspectVariables, copyToGlobals, modules). One entry a command; each returns the body of its answer.
 */
import { readFile } from "node:fs/promises";
import type { Runtime, Debugger as V8 } from "node:inspector";
import { count, type Json, object, text } from "../protocol/messages.ts";
import { type Breakpoint, type CellDebugger, type DebuggerHost, objectGroup, threadId } from "./debugger.ts";
import { hashSeed } from "./sources.ts";

export interface DebugContext {
  readonly debug: CellDebugger;
  readonly host: DebuggerHost;
  readonly arguments: Json;
}

type Command = (context: DebugContext) => Promise<Json> | Json;

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/** Names of ours in the scope that all cells share. */
const isOwn = (name: string): boolean => name.startsWith("$inferlab");

function frameOf({ debug, arguments: args }: DebugContext) {
  const frames = debug.frames ?? [];
  return frames[count(args, "frameId", 1) - 1];
}

/** One line for a value: strings quoted, tensors by type and shape. */
function show(value: Runtime.RemoteObject | undefined): string {
  if (!value) return "…";
  if (value.type === "string") return JSON.stringify(value.value).slice(0, 10_000);
  if (value.unserializableValue !== undefined) return value.unserializableValue;
  const { preview } = value;
  if (value.type === "object" && preview && value.subtype !== "error") {
    const field = (name: string) => preview.properties.find((property) => property.name === name);
    const isList = preview.subtype === "array" || preview.subtype === "typedarray";
    const dtype = field("dtype")?.value;
    const shape = field("shape")?.valuePreview ?? field("shape")?.value;
    if (value.className === "Tensor" && dtype !== undefined)
      return `Tensor ${dtype}${typeof shape === "string" ? ` ${shape}` : ""}`;
    const items = preview.properties.map((item) => {
      const shown = item.type === "string" ? JSON.stringify(item.value) : (item.value ?? item.type);
      return isList ? shown : `${item.name}: ${shown}`;
    });
    const inner = items.join(", ") + (preview.overflow ? ", …" : "");
    const name = value.description === "Object" ? "" : `${value.description ?? value.className} `;
    return `${name}${isList ? `[${inner}]` : `{${inner}}`}`;
  }
  return value.description?.split("\n")[0] ?? String(value.value);
}

function variable(debug: CellDebugger, name: string, value: Runtime.RemoteObject | undefined): Json {
  const reference = debug.reference(value?.objectId);
  return {
    name,
    // Without a type: a front end that has one shows it in the place of the value, which names it anyway.
    value: show(value),
    evaluateName: name,
    variablesReference: reference,
  };
}

/** The properties of an object; getters are shown, not called. */
async function properties({ debug, host }: DebugContext, objectId: string): Promise<Json[]> {
  const found = await host.inspect<Runtime.GetPropertiesReturnType>("Runtime.getProperties", {
    objectId,
    ownProperties: true,
    generatePreview: true,
  });
  const own = found.result.filter(({ name, enumerable, value }) => !isOwn(name) && (enumerable || value !== undefined));
  return await Promise.all(
    own.slice(0, maxShown).map(async ({ name, value, get }) => {
      if (get && !value) return { name, value: "(getter)", variablesReference: 0 };
      return { ...variable(debug, name, value), ...(await tensorValue(host, value)) };
    }),
  );
}

/** Members of one object that are shown. */
const maxShown = 1000;

/** A tensor's dtype and shape, which V8's own preview abbreviates. */
async function tensorValue(host: DebuggerHost, value: Runtime.RemoteObject | undefined): Promise<Json> {
  if (value?.className !== "Tensor" || value.objectId === undefined) return {};
  const answer = await host.inspect<Runtime.CallFunctionOnReturnType>("Runtime.callFunctionOn", {
    objectId: value.objectId,
    functionDeclaration:
      "function () { let text = 'Tensor ' + this.dtype + '['; const { shape, data } = this;" +
      "for (let i = 0; i < shape.length; i++) text += (i ? ', ' : '') + shape[i];" +
      "text += '] '; for (let i = 0; i < data.length && i < 8; i++) text += (i ? ', ' : '') + data[i];" +
      "return text + (data.length > 8 ? ', …' : '') }",
    throwOnSideEffect: true,
    returnByValue: true,
    silent: true,
  });
  return answer.exceptionDetails ? {} : { value: String(answer.result.value) };
}

/** Evaluates in the frame where the cell stands, or at the top. Errors: Error with what the expression threw. */
async function evaluate(context: DebugContext, expression: string, more: object = {}): Promise<Runtime.RemoteObject> {
  const frame = frameOf(context);
  const params = { expression, objectGroup, generatePreview: true, silent: true, ...more };
  const answer = frame
    ? await context.host.inspect<V8.EvaluateOnCallFrameReturnType>("Debugger.evaluateOnCallFrame", {
        callFrameId: frame.call.callFrameId,
        ...params,
      })
    : await context.host.inspect<Runtime.EvaluateReturnType>("Runtime.evaluate", {
        ...params,
        awaitPromise: !context.debug.frames,
      });
  const { exceptionDetails } = answer;
  if (exceptionDetails)
    throw new Error((exceptionDetails.exception?.description ?? exceptionDetails.text).split("\n")[0]);
  return answer.result;
}

const scopeNames: Readonly<Record<string, string>> = {
  local: "Locals",
  block: "Block",
  closure: "Closure",
  catch: "Catch",
  module: "Module",
  script: "Cells",
};

const step =
  (how: "resume" | "stepOver" | "stepInto" | "stepOut"): Command =>
  async ({ debug }) => {
    await debug.resume(how);
    return how === "resume" ? { allThreadsContinued: true } : {};
  };

export const commands: Readonly<Record<string, Command>> = {
  debugInfo: ({ debug }) => ({
    isStarted: debug.isStarted,
    hashMethod: "Murmur2",
    hashSeed,
    tmpFilePrefix: debug.sources.prefix,
    tmpFileSuffix: debug.sources.suffix,
    breakpoints: debug.breakpoints,
    stoppedThreads: debug.frames ? [threadId] : [],
    richRendering: true,
    exceptionPaths: [],
    copyToGlobals: true,
  }),

  initialize: async ({ debug, host }) => {
    await debug.start();
    // DAP: after the answer.
    setImmediate(() => host.emit("initialized", {}));
    return {
      supportsConfigurationDoneRequest: true,
      supportsConditionalBreakpoints: true,
      supportsEvaluateForHovers: true,
      supportsModulesRequest: true,
      exceptionBreakpointFilters: [
        { filter: "all", label: "All exceptions", default: false },
        { filter: "uncaught", label: "Uncaught exceptions", default: false },
      ],
    };
  },
  attach: () => ({}),
  configurationDone: () => ({}),
  disconnect: async ({ debug }) => {
    await debug.stop();
    return {};
  },
  threads: () => ({ threads: [{ id: threadId, name: "cells" }] }),

  dumpCell: async ({ debug, arguments: args }) => ({ sourcePath: await debug.dumpCell(text(args, "code")) }),
  setBreakpoints: async ({ debug, arguments: args }) => {
    const path = text(object(args, "source"), "path");
    const wanted = (Array.isArray(args["breakpoints"]) ? (args["breakpoints"] as Json[]) : []).map(
      (item): Breakpoint => ({
        line: count(item, "line", 1),
        ...(text(item, "condition") && { condition: text(item, "condition") }),
      }),
    );
    const set = await debug.setBreakpoints(path, wanted);
    return { breakpoints: set.map((item, index) => ({ id: index + 1, ...item, source: { path } })) };
  },
  setExceptionBreakpoints: async ({ debug, arguments: args }) => {
    const filters = Array.isArray(args["filters"]) ? args["filters"] : [];
    await debug.pauseOnExceptions(filters.includes("all") ? "all" : filters.includes("uncaught") ? "uncaught" : "none");
    return {};
  },
  source: async ({ debug, arguments: args }) => {
    const source = debug.sources.at(text(object(args, "source"), "path"));
    if (!source) throw new Error("there is no such cell, and no such file is loaded");
    return { content: source.code ?? (await readFile(source.path, "utf8")), mimeType: "application/typescript" };
  },

  stackTrace: ({ debug }) => {
    const stackFrames = (debug.frames ?? []).map(({ call, source, line, column }, index) => ({
      id: index + 1,
      name: call.functionName || (source.code === undefined ? "(module)" : "(cell)"),
      source: { name: source.path.split("/").pop(), path: source.path },
      line,
      column,
    }));
    return { stackFrames, totalFrames: stackFrames.length };
  },
  scopes: async (context) => {
    const chain = frameOf(context)?.call.scopeChain ?? [];
    const named = chain.filter(({ type, object: { objectId } }) => scopeNames[type] !== undefined && objectId);
    const sizes = await Promise.all(named.map(({ object: { objectId } }) => properties(context, objectId!)));
    // Front ends show the first one: at the top of a cell that is not the empty function around it.
    const filled = named.filter((_, index) => sizes[index]!.length > 0);
    return {
      scopes: filled.map((scope) => ({
        name: scopeNames[scope.type]!,
        variablesReference: context.debug.reference(scope.object.objectId),
        expensive: false,
      })),
    };
  },
  variables: async (context) => {
    const objectId = context.debug.object(count(context.arguments, "variablesReference", 0));
    return { variables: objectId === undefined ? [] : await properties(context, objectId) };
  },
  evaluate: async (context) => {
    const value = await evaluate(context, text(context.arguments, "expression"));
    const shown = await tensorValue(context.host, value);
    return {
      result: shown["value"] ?? show(value),
      type: value.className ?? value.type,
      variablesReference: context.debug.reference(value.objectId),
    };
  },

  continue: step("resume"),
  next: step("stepOver"),
  stepIn: step("stepInto"),
  stepOut: step("stepOut"),
  pause: async ({ debug }) => {
    await debug.pause();
    return {};
  },

  inspectVariables: async (context) => {
    const { names } = await context.host.inspect<Runtime.GlobalLexicalScopeNamesReturnType>(
      "Runtime.globalLexicalScopeNames",
    );
    const shown = names.filter((name) => identifier.test(name) && !isOwn(name));
    const all = await context.host.inspect<Runtime.EvaluateReturnType>("Runtime.evaluate", {
      expression: `({ ${shown.join(", ")} })`,
      objectGroup,
      silent: true,
    });
    return { variables: all.result.objectId === undefined ? [] : await properties(context, all.result.objectId) };
  },
  richInspectVariables: async (context) => {
    const name = text(context.arguments, "variableName");
    if (!identifier.test(name)) return { data: {}, metadata: {} };
    const bundle = await evaluate(context, `$inferlab.describe(${name})`, {
      returnByValue: true,
      generatePreview: false,
    });
    return bundle.value as Json;
  },
  copyToGlobals: async (context) => {
    const from = text(context.arguments, "srcVariableName");
    const to = text(context.arguments, "dstVariableName");
    if (!identifier.test(from) || !identifier.test(to)) throw new Error("both names must be names of variables");
    const frameId = count(context.arguments, "srcFrameId", 1);
    await evaluate({ ...context, arguments: { frameId } }, `void (globalThis[${JSON.stringify(to)}] = ${from})`);
    return {};
  },
  modules: ({ debug, arguments: args }) => {
    const files = debug.sources.files();
    const start = count(args, "startModule", 0);
    const modules = files
      .slice(start, start + count(args, "moduleCount", files.length))
      .map(({ path }, index) => ({ id: start + index, name: path.split("/").pop(), path }));
    return { modules, totalModules: files.length };
  },
};

/** Answers any command; what fails says why. */
export async function answer(context: Omit<DebugContext, "arguments">, request: Json): Promise<Json> {
  const command = text(request, "command");
  const head = { type: "response", request_seq: count(request, "seq", 0), seq: count(request, "seq", 0), command };
  const action = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (!action) return { ...head, success: false, message: `there is no command ${JSON.stringify(command)}`, body: {} };
  try {
    return { ...head, success: true, body: await action({ ...context, arguments: object(request, "arguments") }) };
  } catch (error) {
    return { ...head, success: false, message: (error as Error).message, body: {} };
  }
}
