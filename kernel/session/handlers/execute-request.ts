import { traceback } from "../../evaluator/excerpt.ts";
import { strictness } from "../../evaluator/magics.ts";
import type { Diagnostic } from "../../language/service.ts";
import { flag, object, text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";
import { describeTypeErrors } from "../type-errors.ts";

/** Runs a cell. Failures of the cell are its reply; queued cells behind it are aborted unless it asked otherwise. */
export async function executeRequest(request: Request): Promise<void> {
  const { session, message, context, publish, reply } = request;
  const { content } = message;
  const code = text(content, "code");
  const silent = flag(content, "silent", false);
  const storeHistory = flag(content, "store_history", true) && !silent;
  const stopOnError = flag(content, "stop_on_error", true);
  const expressions = Object.fromEntries(
    Object.entries(object(content, "user_expressions")).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
  const queue = session.queueOf(message);
  session.language.touch();
  let toCheck = false;

  const run = async (): Promise<void> => {
    if (storeHistory) session.executionCount++;
    const executionCount = session.executionCount;
    const label = storeHistory ? executionCount : `${executionCount}.${context}`;
    if (!silent) publish("execute_input", { code, execution_count: executionCount });
    const started = new Date().toISOString();
    session.isStrict = strictness(code) ?? session.isStrict;
    const describe = (errors: readonly Diagnostic[]): string => describeTypeErrors(errors, code, `cell[${label}]`);
    const refused = session.isStrict && !silent ? describe(await session.language.check(code)) : "";
    const outcome = refused
      ? ({
          status: "error",
          ename: "TypeErrors",
          evalue: "the cell has type errors (%strict off runs it)",
          traceback: traceback([refused], undefined),
        } as const)
      : await session.evaluator.execute({
          context,
          label,
          code,
          silent,
          allowStdin: flag(content, "allow_stdin", false),
          isSide: Boolean(message.header.subshell_id),
          expressions,
        });
    const metadata = { started, status: outcome.status };
    if (outcome.status === "ok") {
      if (storeHistory) session.history.add(executionCount, code, outcome.result?.data["text/plain"]);
      if (outcome.result && !silent) publish("execute_result", { execution_count: executionCount, ...outcome.result });
      reply(
        {
          status: "ok",
          execution_count: executionCount,
          user_expressions: outcome.expressions,
          payload: outcome.payload,
        },
        { metadata },
      );
    } else {
      const { ename, evalue, traceback: lines } = outcome;
      if (storeHistory) session.history.add(executionCount, code);
      const abortWaiting = stopOnError ? await queue.takeWaiting() : undefined;
      if (!silent) publish("error", { ename, evalue, traceback: lines });
      reply({ status: "error", execution_count: executionCount, ename, evalue, traceback: lines }, { metadata });
      abortWaiting?.();
    }
    if (session.isStrict || silent) return;
    if (outcome.status === "ok") {
      toCheck = true;
      session.language.cellRan(code, (errors) => publish("stream", { name: "stderr", text: describe(errors) }));
    } else if (outcome.ename !== "SyntaxError") session.language.cellRan(code);
  };

  const abort = (): void =>
    reply({ status: "aborted", execution_count: session.executionCount }, { metadata: { status: "aborted" } });
  await queue.add(context, run, abort);
  // Whoever waits for the end of this cell gets its type errors before it; `1 + 1` has none to find.
  if (toCheck && !queue.hasWaiting && /[\p{ID_Start}$_]/u.test(code)) await session.language.checked();
}
