import { flag, object, text } from "../../protocol/messages.ts";
import type { Request } from "../session.ts";

/** Runs a cell. Failures of the cell are its reply; queued cells behind it are aborted unless it asked otherwise. */
export function executeRequest(request: Request): Promise<void> {
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

  const run = async (): Promise<void> => {
    if (storeHistory) session.executionCount++;
    const executionCount = session.executionCount;
    if (!silent) publish("execute_input", { code, execution_count: executionCount });
    const started = new Date().toISOString();
    const outcome = await session.evaluator.execute({
      context,
      label: storeHistory ? executionCount : `${executionCount}.${context}`,
      code,
      silent,
      allowStdin: flag(content, "allow_stdin", false),
      expressions,
    });
    const metadata = { started, status: outcome.status };
    if (outcome.status === "ok") {
      if (outcome.result && !silent) publish("execute_result", { execution_count: executionCount, ...outcome.result });
      reply(
        { status: "ok", execution_count: executionCount, user_expressions: outcome.expressions, payload: [] },
        { metadata },
      );
      return;
    }
    const { ename, evalue, traceback } = outcome;
    const abortWaiting = stopOnError ? await session.takeWaiting() : undefined;
    if (!silent) publish("error", { ename, evalue, traceback });
    reply({ status: "error", execution_count: executionCount, ename, evalue, traceback }, { metadata });
    abortWaiting?.();
  };

  const abort = (): void =>
    reply({ status: "aborted", execution_count: session.executionCount }, { metadata: { status: "aborted" } });
  return session.enqueue(request, run, abort);
}
