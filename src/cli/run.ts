/** `inferlab run`: executes a notebook through the kernel, with no Python, and writes it with its outputs. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { KernelClient } from "../../kernel/client/client.ts";
import { applyMessage, type CodeCell, type Notebook, parseNotebook } from "../../kernel/client/notebook.ts";
import { formatMs } from "../base/shapes.ts";

const usage = `usage: inferlab run NOTEBOOK.ipynb [-o OUT.ipynb] [--timeout SECONDS] [--allow-errors]

Runs every code cell in order and writes the notebook with its outputs, in place or to -o. Exit code 1 where a cell
failed: the cells after it are then not run, unless --allow-errors is given.`;

/** Returns the exit code: 0, 1 for a failed cell, 2 for a usage error or a file that is no notebook. */
export async function run(args: string[]): Promise<number> {
  let values: { output?: string; timeout?: string; "allow-errors"?: boolean; help?: boolean };
  let positionals: string[];
  try {
    ({ values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        output: { type: "string", short: "o" },
        timeout: { type: "string" },
        "allow-errors": { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  const [path] = positionals;
  if (values.help || path === undefined || positionals.length > 1) {
    (values.help ? console.log : console.error)(usage);
    return values.help ? 0 : 2;
  }
  const timeoutMs = values.timeout === undefined ? undefined : Number(values.timeout) * 1000;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) {
    console.error(`--timeout is ${JSON.stringify(values.timeout)}, expected a number of seconds above 0`);
    return 2;
  }
  let notebook: Notebook;
  try {
    notebook = parseNotebook(readFileSync(path, "utf8"), path);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const output = resolve(values.output ?? path);
  const started = performance.now();
  const client = await KernelClient.start({ folder: dirname(resolve(path)), showLog: true });
  let numFailed = 0;
  try {
    numFailed = await runCells(client, notebook, { timeoutMs, allowErrors: values["allow-errors"] ?? false });
  } finally {
    await client.shutdown();
    save(notebook, output);
  }
  const seconds = formatMs(performance.now() - started);
  console.log(
    `${numFailed ? `${numFailed} cell${numFailed > 1 ? "s" : ""} failed` : "ok"}  ${basename(output)}  ${seconds}`,
  );
  return numFailed ? 1 : 0;
}

interface RunOptions {
  readonly timeoutMs: number | undefined;
  readonly allowErrors: boolean;
}

/** Runs the cells; returns how many failed. */
async function runCells(client: KernelClient, notebook: Notebook, options: RunOptions): Promise<number> {
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === "code");
  let numFailed = 0;
  const byRequest = new Map<string, CodeCell>();
  // Output that a cell's timers and promises make after its end belongs to that cell.
  client.onStray = (message) => {
    const cell = byRequest.get(message.parentHeader.msg_id ?? "");
    if (cell) applyMessage(notebook, cell, message);
  };
  for (const [index, cell] of cells.entries()) {
    const code = Array.isArray(cell.source) ? cell.source.join("") : cell.source;
    cell.outputs = [];
    cell.execution_count = null;
    if (!code.trim()) continue;
    const started = performance.now();
    const firstLine = code.trim().split("\n")[0]!.slice(0, 60);
    const failure = await runCell(client, notebook, cell, code, options.timeoutMs, byRequest);
    const state = failure === undefined ? "ok    " : "FAILED";
    console.log(
      `[${index + 1}/${cells.length}] ${state} ${formatMs(performance.now() - started).padStart(8)}  ${firstLine}`,
    );
    if (failure === undefined) continue;
    numFailed++;
    console.error(stripVTControlCharacters(failure));
    if (!options.allowErrors || !client.isAlive) break;
  }
  return numFailed;
}

/** Runs one cell; returns what failed, or undefined. */
async function runCell(
  client: KernelClient,
  notebook: Notebook,
  cell: CodeCell,
  code: string,
  timeoutMs: number | undefined,
  byRequest: Map<string, CodeCell>,
): Promise<string | undefined> {
  let isLate = false;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          void client.interrupt();
        }, timeoutMs);
  try {
    const { reply } = await client.execute(code, {
      onMessage: (message) => {
        byRequest.set(message.parentHeader.msg_id ?? "", cell);
        applyMessage(notebook, cell, message);
      },
    });
    if (isLate) return `the cell ran longer than ${timeoutMs! / 1000} s (--timeout) and was interrupted`;
    const { content } = reply;
    return content["status"] === "ok" ? undefined : ((content["traceback"] as string[] | undefined) ?? []).join("\n");
  } catch (error) {
    return (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}

/** Writes beside the target first, so that a full disk cannot cost the notebook. */
function save(notebook: Notebook, path: string): void {
  const temporary = `${path}.part`;
  writeFileSync(temporary, `${JSON.stringify(notebook, undefined, 1)}\n`);
  renameSync(temporary, path);
}
