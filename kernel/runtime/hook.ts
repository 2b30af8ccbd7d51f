/** The kernel as libraries in a cell see it; see src/base/kernel-hook.ts for what is promised. */
import { type CellScope, type KernelHook, type OutputSink, provideKernel } from "../../src/base/kernel-hook.ts";
import { reportLate } from "./cell.ts";
import { commApi } from "./comms.ts";
import { type CellContext, currentContext, newContext, runIn } from "./context.ts";
import { bundleOf, display } from "./display.ts";
import { reportError } from "./stack.ts";

/** The same cell, as it is now and later, but for where its output goes. */
function withSink(context: CellContext, redirect: OutputSink | undefined): CellContext {
  return Object.create(context, { redirect: { value: redirect } }) as CellContext;
}

/** A context of its own for each callback: the cell may be over, or was interrupted, and its callbacks still run. */
function scopeOf(cell: CellContext): CellScope {
  const report = (what: string, error: unknown): void => reportLate(error, what, undefined, cell);
  return {
    async call(what, action) {
      const context = withSink(newContext(cell.id, cell), cell.redirect);
      try {
        await runIn(context, action);
        while (context.pending.size) await Promise.all(context.pending);
      } catch (error) {
        report(what, error);
      } finally {
        context.isOver = true;
      }
    },
    report,
    atEnd(action) {
      if (cell.isOver) action();
      else cell.atEnd.push(action);
    },
  };
}

export function installKernelHook(): void {
  const hook: KernelHook = {
    openComm: (target, data, options) => commApi.open(target, data, options),
    acceptComms: (target, opened) => commApi.register(target, opened),
    cell: () => scopeOf(currentContext()),
    capture<T>(sink: OutputSink, action: () => T): T {
      return runIn(withSink(currentContext(), sink), action);
    },
    bundleOf,
    display,
    describeError(error) {
      const { ename, evalue, traceback } = reportError(error);
      return { ename, evalue, traceback: [...traceback] };
    },
  };
  provideKernel(hook);
}
