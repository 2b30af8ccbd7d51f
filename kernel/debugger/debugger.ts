/**
 * The debugger: what is broken in and where the cell stands, in V8's terms (Chrome DevTools Protocol 1.3, domain Debugger).
 * The requests of front ends are in requests.ts.
 *
 * Invariants: nothing is enabled until somebody attaches; after `stop` the cell goes on as if there had been no debugger;
 * a breakpoint belongs to a text, so that every run of the same cell has it.
 */

import { existsSync } from "node:fs";
import type { Runtime, Debugger as V8 } from "node:inspector";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import type { CellProgram } from "../runtime/cell.ts";
import { type Source, Sources } from "./sources.ts";

/** What the debugger needs of the kernel. */
export interface DebuggerHost {
  inspect<T>(method: string, params?: object): Promise<T>;
  compile(code: string): Promise<CellProgram>;
  /** Sends a debug_event. */
  emit(event: string, body: object): void;
  log(line: string): void;
}

export interface Breakpoint {
  /** 1-based, as asked for. */
  readonly line: number;
  readonly condition?: string;
}

export interface SetBreakpoint {
  readonly verified: boolean;
  /** 1-based; where it is after all. */
  readonly line: number;
  readonly message?: string;
}

/** A breakpoint that V8 has. */
interface Placed {
  readonly breakpointId: string;
  readonly set: SetBreakpoint;
}

/** Where V8 is asked for a breakpoint; undefined where the source has no code there or below. */
function keyOf({ positions }: Source, url: string, { line, condition }: Breakpoint): string | undefined {
  const at = positions.toGenerated(line - 1);
  return at && `${url}:${at.line}:${at.column}:${condition ?? ""}`;
}

/** User code runs on one thread. */
export const threadId = 1;

/** Values made for a front end: let go when the cell goes on. */
export const objectGroup = "debugger";

export interface Frame {
  readonly call: V8.CallFrame;
  readonly source: Source;
  /** 1-based, in the source. */
  readonly line: number;
  readonly column: number;
}

/** Node's sources, packages and our own: steps go past them. */
const ownUrl = new URL("../..", import.meta.url).href;
const isHidden = (url: string): boolean => url.startsWith(ownUrl) || url.includes("/node_modules/");
const hidden = ["^node:", "/node_modules/", `^${ownUrl.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`];

export class CellDebugger {
  readonly sources = new Sources(join(tmpdir(), `inferlab_${process.pid}`) + sep);
  isStarted = false;
  /** The stack where the cell stands; undefined while it runs. */
  frames: readonly Frame[] | undefined;
  /** Objects that a front end may look into, by the number it knows them by. */
  private readonly objects = new Map<number, string>();
  private numObjects = 0;
  private readonly wanted = new Map<string, readonly Breakpoint[]>();
  /** What V8 has, or is being asked for, of a path's breakpoints, by where it is asked for. */
  private readonly placed = new Map<string, Map<string, Promise<Placed>>>();
  private readonly scripts = new Map<string, string>();
  private exceptions = "none";
  private stopReason: string | undefined;
  private awaitsFiles = false;
  /** Breakpoints that are being set in files that were parsed. */
  private setting: Promise<unknown> = Promise.resolve();
  private readonly host: DebuggerHost;

  constructor(host: DebuggerHost) {
    this.host = host;
  }

  get breakpoints(): { source: string; breakpoints: readonly Breakpoint[] }[] {
    return [...this.wanted].map(([source, breakpoints]) => ({ source, breakpoints }));
  }

  async start(): Promise<void> {
    if (this.isStarted) return;
    this.isStarted = true;
    await this.enable();
  }

  private async enable(): Promise<void> {
    await this.host.inspect("Debugger.enable");
    await this.host.inspect("Debugger.setBlackboxPatterns", { patterns: hidden });
    await this.host.inspect("Debugger.setPauseOnExceptions", { state: this.exceptions });
    this.awaitsFiles = false;
    if ([...this.wanted.keys()].some((path) => !this.sources.isCell(path))) await this.awaitFiles();
  }

  /** From now on V8 stops before a file's first line, so that its breakpoints can be set. */
  private async awaitFiles(): Promise<void> {
    if (this.awaitsFiles) return;
    this.awaitsFiles = true;
    const instrumentation = "beforeScriptWithSourceMapExecution";
    await this.host.inspect("Debugger.setInstrumentationBreakpoint", { instrumentation });
  }

  /** Ends debugging: a cell that stands goes on, breakpoints are forgotten. */
  async stop(): Promise<void> {
    if (!this.isStarted) return;
    this.isStarted = false;
    this.wanted.clear();
    this.placed.clear();
    this.exceptions = "none";
    this.frames = undefined;
    this.release();
    await this.host.inspect("Debugger.disable");
  }

  /** The runtime is a new process: it is to break where the old one did. */
  async restarted(): Promise<void> {
    this.scripts.clear();
    this.placed.clear();
    this.release();
    if (this.frames) this.continued();
    if (this.isStarted) await this.enable();
  }

  /** An interrupt ends a cell that stands at a breakpoint, too. */
  async interrupt(): Promise<void> {
    if (this.frames) await this.host.inspect("Debugger.resume", { terminateOnResume: true });
  }

  /** A cell runs as `file` from now on; it waits until its breakpoints are set. */
  starting(file: string, code: string, program: CellProgram): Promise<void> | undefined {
    if (!this.isStarted) {
      this.earlier.set(file, { code, program });
      if (this.earlier.size > maxEarlier) this.earlier.delete(this.earlier.keys().next().value!);
      return undefined;
    }
    const source = this.sources.addCell(code, program, file);
    const breakpoints = this.wanted.get(source.path);
    if (!breakpoints?.length) return undefined;
    return this.setAgain(source, file, breakpoints);
  }

  private setAgain(source: Source, url: string, breakpoints: readonly Breakpoint[]): Promise<void> {
    return this.setIn(source, url, breakpoints).then(
      () => {},
      (error: Error) => this.host.log(`breakpoints: ${error.message}`),
    );
  }

  /** Cells that ran before the debugger was started: their functions can be broken in. */
  private readonly earlier = new Map<string, { readonly code: string; readonly program: CellProgram }>();

  /** Names a cell's text; returns its path. Errors: SyntaxError where it is no TypeScript. */
  async dumpCell(code: string): Promise<string> {
    for (const [file, cell] of this.earlier) if (cell.code === code) this.sources.addCell(code, cell.program, file);
    const path = this.sources.pathOf(code);
    return this.sources.at(path)?.path ?? this.sources.addCell(code, await this.host.compile(code)).path;
  }

  async setBreakpoints(path: string, breakpoints: readonly Breakpoint[]): Promise<SetBreakpoint[]> {
    const source = this.sources.at(path);
    const isFile = !this.sources.isCell(path);
    if (breakpoints.length && (source || (isFile && existsSync(path)))) this.wanted.set(path, breakpoints);
    else this.wanted.delete(path);
    if (isFile && this.wanted.has(path) && this.isStarted) await this.awaitFiles();
    await this.removeAllBut(path, source, breakpoints);
    if (!source) {
      const message = this.wanted.has(path)
        ? "the file is not loaded yet; the breakpoint is set when it is"
        : "there is no such cell and no such file";
      return breakpoints.map(({ line }) => ({ verified: false, line, message }));
    }
    let found = breakpoints.map(({ line }) => this.place(source, line));
    for (const url of source.urls) found = await this.setIn(source, url, breakpoints);
    return found;
  }

  /** Where a breakpoint will be once the cell runs. */
  private place(source: Source, line: number): SetBreakpoint {
    const generated = source.positions.toGenerated(line - 1);
    if (!generated) return { verified: false, line, message: "no code stands here or below" };
    return { verified: true, line: source.positions.toSource(generated).line + 1 };
  }

  /** What stays is not touched: a cell may pass it while it is asked for again. */
  private async removeAllBut(path: string, source: Source | undefined, kept: readonly Breakpoint[]): Promise<void> {
    const placed = this.placed.get(path);
    if (!placed) return;
    const keys = new Set<string | undefined>();
    for (const url of source?.urls ?? []) for (const one of kept) keys.add(keyOf(source!, url, one));
    for (const [key, there] of placed) {
      if (keys.has(key)) continue;
      placed.delete(key);
      const was = await there.catch(() => undefined); // who asked for it was told
      if (was) await this.host.inspect("Debugger.removeBreakpoint", { breakpointId: was.breakpointId });
    }
  }

  private async setIn(source: Source, url: string, breakpoints: readonly Breakpoint[]): Promise<SetBreakpoint[]> {
    let placed = this.placed.get(source.path);
    if (!placed) this.placed.set(source.path, (placed = new Map()));
    const found: SetBreakpoint[] = [];
    for (const breakpoint of breakpoints) {
      const key = keyOf(source, url, breakpoint);
      if (key === undefined) {
        found.push(this.place(source, breakpoint.line));
        continue;
      }
      let there = placed.get(key);
      if (!there) {
        placed.set(key, (there = this.ask(source, url, breakpoint)));
        there.catch(() => placed.delete(key));
      }
      found.push((await there).set);
    }
    return found;
  }

  /** Asks V8 for a breakpoint, also where it has not seen the script yet. */
  private async ask(source: Source, url: string, { line, condition }: Breakpoint): Promise<Placed> {
    const generated = source.positions.toGenerated(line - 1)!;
    const { breakpointId, locations } = await this.host.inspect<V8.SetBreakpointByUrlReturnType>(
      "Debugger.setBreakpointByUrl",
      { url, lineNumber: generated.line, columnNumber: generated.column, condition: condition ?? "" },
    );
    const [at] = locations;
    if (!at) return { breakpointId, set: this.place(source, line) };
    const place = source.positions.toSource({ line: at.lineNumber, column: at.columnNumber ?? 0 });
    return { breakpointId, set: { verified: true, line: place.line + 1 } };
  }

  async pauseOnExceptions(state: "none" | "uncaught" | "all"): Promise<void> {
    this.exceptions = state;
    await this.host.inspect("Debugger.setPauseOnExceptions", { state });
  }

  /** Goes on in one of V8's ways. Errors: Error where the cell does not stand. */
  async resume(how: "resume" | "stepOver" | "stepInto" | "stepOut"): Promise<void> {
    if (!this.frames) throw new Error("nothing has stopped");
    this.stopReason = how === "resume" ? undefined : "step";
    await this.host.inspect(`Debugger.${how}`);
  }

  async pause(): Promise<void> {
    this.stopReason = "pause";
    await this.host.inspect("Debugger.pause");
  }

  /** An event of V8's. */
  inspected(method: string, params: Record<string, unknown>): void {
    if (!this.isStarted) return;
    if (method === "Debugger.scriptParsed") {
      const { scriptId, url, sourceMapURL } = params as unknown as V8.ScriptParsedEventDataType;
      this.scripts.set(scriptId, url);
      if (url.startsWith("file:") && !isHidden(url)) {
        const source = this.sources.addFile(url, sourceMapURL ?? "");
        const breakpoints = source && this.wanted.get(source.path);
        if (breakpoints) this.setting = Promise.all([this.setting, this.setAgain(source, url, breakpoints)]);
      }
      const earlier = this.earlier.get(url);
      if (earlier) this.sources.addCell(earlier.code, earlier.program, url);
      this.earlier.delete(url);
    } else if (method === "Debugger.paused") this.paused(params as unknown as V8.PausedEventDataType);
    else if (method === "Debugger.resumed" && this.frames) this.continued();
  }

  private paused({ callFrames, reason, data }: V8.PausedEventDataType): void {
    if ((reason as string) === "instrumentation") {
      this.setting
        .then(() => this.host.inspect("Debugger.resume"))
        .catch((error: Error) => this.host.log(`debugger: ${error.message}`));
      return;
    }
    const frames = callFrames.flatMap((call) => {
      const url = call.url || (this.scripts.get(call.location.scriptId) ?? "");
      const source = this.sources.ofUrl(url);
      if (!source) return [];
      const place = source.positions.toSource({
        line: call.location.lineNumber,
        column: call.location.columnNumber ?? 0,
      });
      return [{ call, source, line: place.line + 1, column: place.column + 1 }];
    });
    // A step that leaves the user's code goes on; so does a pause while nothing of the user's runs.
    if (!frames.length || frames[0]!.call !== callFrames[0]) {
      this.host.inspect(frames.length ? "Debugger.stepOut" : "Debugger.resume").catch((error: Error) => {
        this.host.log(`debugger: ${error.message}`);
      });
      return;
    }
    this.frames = frames;
    const isException = reason === "exception" || reason === "promiseRejection";
    const text = (data as Runtime.RemoteObject | undefined)?.description;
    this.host.emit("stopped", {
      reason: isException ? "exception" : (this.stopReason ?? "breakpoint"),
      ...(isException && text ? { description: "An exception was thrown", text: text.split("\n")[0] } : {}),
      threadId,
      allThreadsStopped: true,
    });
  }

  private continued(): void {
    this.frames = undefined;
    this.release();
    this.host.emit("continued", { threadId, allThreadsContinued: true });
  }

  /** The number by which a front end asks for an object's contents; 0 for values that have none. */
  reference(objectId: string | undefined): number {
    if (objectId === undefined) return 0;
    this.objects.set(++this.numObjects, objectId);
    return this.numObjects;
  }

  object(reference: number): string | undefined {
    return this.objects.get(reference);
  }

  /** Lets go of what front ends were shown. */
  private release(): void {
    this.objects.clear();
    this.host.inspect("Runtime.releaseObjectGroup", { objectGroup }).catch(() => {}); // The process it lay in has ended.
  }
}

/** Cells that ran before the debugger was started that are remembered. */
const maxEarlier = 500;
