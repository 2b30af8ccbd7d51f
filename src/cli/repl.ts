/** `inferlab repl`: a front end of the kernel in a terminal; also reads cells from a pipe. */
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { KernelClient } from "../../kernel/client/client.ts";
import { findConnectionFile, runtimeFolder } from "../../kernel/client/connection-files.ts";
import type { Json, Message } from "../../kernel/protocol/messages.ts";
import { InferlabError } from "../base/errors.ts";
import { type Completion, Editor } from "./terminal/editor.ts";
import { highlight } from "./terminal/highlight.ts";
import { type ImageProtocol, protocolFromAnswer, protocolOf, protocolQuery } from "./terminal/images.ts";
import { Printer } from "./terminal/printer.ts";

const usage = `usage: inferlab repl [options]

A session in this terminal: TypeScript with top-level await, imports, widgets' values, displays and pictures.
Reads cells from a pipe as well:  echo '1 + 1' | inferlab repl

  --existing [KERNEL]  joins a kernel that runs: the latest, or by connection file or part of its id
  --images PROTOCOL    kitty, iterm, sixel or none (default: what the terminal says)

Keys: Enter runs a cell that is complete, Alt+Enter always adds a line, Tab completes and documents, Up and Down go
through the history shared with notebooks, Ctrl+C stops what runs, Ctrl+D leaves.`;

const greeting = (node: string): string[] => [
  `inferlab: TypeScript for neural networks, on ${node}`,
  'Type:  import { tensor } from "inferlab"; tensor([1, 2, 3]).mul(2)',
  "Enter runs a line once it is complete, Ctrl+C stops what runs, Ctrl+D or .exit leaves.",
];

const protocols: readonly ImageProtocol[] = ["kitty", "iterm", "sixel", "none"];
/** Milliseconds a terminal has to say what it can. */
const terminalAnswerMs = 2000;
/** Earlier cells that are asked for. */
const historyLength = 1000;
/** Milliseconds a completion or documentation may take. */
const helpTimeoutMs = 3000;

interface Options {
  readonly isJoining: boolean;
  readonly kernel: string | undefined;
  readonly images: ImageProtocol | undefined;
}

/** Errors: ARGUMENT for an option that is none. */
function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      existing: { type: "boolean" },
      images: { type: "string" },
    },
  });
  if (values.help) return undefined;
  const images = values.images as ImageProtocol | undefined;
  if (images !== undefined && !protocols.includes(images))
    throw new InferlabError("ARGUMENT", `--images is ${images}, expected ${protocols.join(", ")}`);
  if (positionals.length > (values.existing ? 1 : 0))
    throw new InferlabError("ARGUMENT", `unexpected ${positionals.at(-1)}`, { hint: "inferlab repl --help" });
  return { isJoining: values.existing ?? false, kernel: positionals[0], images };
}

/** Returns the exit code: 1 where a cell read from a pipe failed. */
export async function run(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    console.log(usage);
    return 0;
  }
  const starting = options.isJoining
    ? KernelClient.join(findConnectionFile(options.kernel))
    : KernelClient.start({ folder: process.cwd(), connectionFolder: runtimeFolder() });
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const client = await starting;
  // A window that is closed takes its kernel along.
  for (const signal of ["SIGHUP", "SIGTERM"] as const)
    process.once(signal, () => void client.close().finally(() => process.exit(1)));
  try {
    const info = (await client.request("kernel_info_request", {})).reply.content;
    const banner = options.isJoining
      ? [`inferlab: joined a kernel that runs (${(info["language_info"] as Json | undefined)?.["name"] ?? "unknown"})`]
      : greeting(`Node ${process.version}`);
    console.log(banner.join("\n"));
    return isTerminal ? await talk(client, options) : await readPipe(client);
  } finally {
    await (options.isJoining ? client.close() : client.shutdown());
  }
}

const hasColors = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !process.env["NO_COLOR"];

/** Cells from a pipe: a cell ends where its text is complete, or at an empty line. */
async function readPipe(client: KernelClient): Promise<number> {
  const printer = new Printer({
    isTerminal: false,
    hasColors: hasColors(process.stdout),
    images: "none",
    columns: 80,
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
  });
  client.onStray = (message) => printer.take(message);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  let numFailed = 0;
  const execute = async (code: string): Promise<void> => {
    const { reply } = await client.execute(code, { onMessage: (message) => printer.take(message), onInput: nextLine });
    await printer.settled();
    if (reply.content["status"] !== "ok") numFailed++;
  };
  const nextLine = async (prompt: string): Promise<string> => {
    process.stdout.write(prompt);
    return String((await lines.next()).value ?? "");
  };
  let text = "";
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    if (!text && line.value.trim() === ".exit") break;
    text += text ? `\n${line.value}` : line.value;
    if (!text.trim()) text = "";
    else if (!line.value.trim() || (await continues(client, text)) === undefined) {
      await execute(text);
      text = "";
    }
  }
  if (text.trim()) await execute(text);
  return numFailed ? 1 : 0;
}

/** The indentation of a further line; undefined where the text is complete, or wrong already. */
async function continues(client: KernelClient, code: string): Promise<string | undefined> {
  const { content } = (await client.request("is_complete_request", { code }, { timeoutMs: helpTimeoutMs })).reply;
  return content["status"] === "incomplete" ? String(content["indent"] ?? "") : undefined;
}

/** Jupyter counts places in code points, we in UTF-16 units. */
const toPoints = (code: string, at: number): number => [...code.slice(0, at)].length;
const fromPoints = (code: string, at: number): number => [...code].slice(0, at).join("").length;

async function complete(client: KernelClient, code: string, at: number): Promise<Completion> {
  const { content } = (
    await client.request("complete_request", { code, cursor_pos: toPoints(code, at) }, { timeoutMs: helpTimeoutMs })
  ).reply;
  return {
    matches: (content["matches"] as string[] | undefined) ?? [],
    start: fromPoints(code, (content["cursor_start"] as number | undefined) ?? at),
    end: fromPoints(code, (content["cursor_end"] as number | undefined) ?? at),
  };
}

async function inspect(client: KernelClient, code: string, at: number): Promise<string | undefined> {
  const { content } = (
    await client.request(
      "inspect_request",
      { code, cursor_pos: toPoints(code, at), detail_level: 0 },
      { timeoutMs: helpTimeoutMs },
    )
  ).reply;
  const text = (content["data"] as Json | undefined)?.["text/plain"];
  return content["found"] === true && typeof text === "string" ? text : undefined;
}

/** Asks the terminal for pictures; what was typed meanwhile is kept. */
function askTerminal(): Promise<{ readonly images: ImageProtocol; readonly typed: string }> {
  return new Promise((resolve) => {
    let heard = "";
    const done = (): void => {
      clearTimeout(timer);
      process.stdin.off("data", listen);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's answers
      const typed = heard.replace(/\u001b_G[^\u001b]*\u001b\\|\u001b\[\?[\d;]*c/g, "");
      resolve({ images: protocolFromAnswer(heard) ?? "none", typed });
    };
    const listen = (data: Buffer): void => {
      heard += data.toString();
      if (protocolFromAnswer(heard) !== undefined) done();
    };
    const timer = setTimeout(done, terminalAnswerMs);
    process.stdin.on("data", listen);
    process.stdout.write(protocolQuery);
  });
}

async function pastCells(client: KernelClient): Promise<string[]> {
  const { content } = (
    await client.request("history_request", { hist_access_type: "tail", n: historyLength, output: false, raw: true })
  ).reply;
  return ((content["history"] as unknown[][] | undefined) ?? []).map((entry) => String(entry[2]));
}

/** The terminal session. */
async function talk(client: KernelClient, options: Options): Promise<number> {
  process.stdin.setRawMode(true);
  process.stdin.resume();
  const known = options.images ?? protocolOf(process.env);
  const { images, typed } = known ? { images: known, typed: "" } : await askTerminal();
  const history = await pastCells(client);
  const write = (text: string): void => void process.stdout.write(text);
  const printer = new Printer({
    isTerminal: true,
    hasColors: hasColors(process.stdout),
    images,
    get columns() {
      return process.stdout.columns || 80;
    },
    out: write,
    error: write,
  });
  const editor = new Editor(
    {
      highlight: hasColors(process.stdout) ? highlight : (code) => code,
      // A kernel that is busy or gone has nothing to say; the text stays as it is.
      complete: (code, at) => complete(client, code, at).catch(() => ({ matches: [], start: at, end: at })),
      inspect: (code, at) => inspect(client, code, at).catch(() => undefined),
      continues: (code) => continues(client, code).catch(() => undefined),
      history,
    },
    {
      get columns() {
        return process.stdout.columns || 80;
      },
      get rows() {
        return process.stdout.rows || 24;
      },
      write,
    },
  );
  process.stdin.on("data", (data) => editor.feed(data));
  editor.feed(typed);
  let fail: (error: Error) => void = () => {};
  const gone = new Promise<never>((_, reject) => {
    fail = reject;
  });
  gone.catch(() => {}); // It may never be waited for.
  const interrupt = (): void => void client.interrupt().catch(fail);
  let isRunning = false;
  // Requests to stop travel beside cells and may overtake one: what is pressed before the kernel has the cell waits for that.
  let hasCell = false;
  let isStopWanted = false;
  editor.onInterrupt = () => {
    // Pressed again: what keeps the kernel from the cell is meant too, such as a loop of somebody else who uses it.
    if (hasCell || isStopWanted) interrupt();
    isStopWanted = !hasCell;
  };
  const take = (message: Message): void => {
    if (isStopWanted) interrupt();
    isStopWanted = false;
    hasCell = true;
    printer.take(message);
  };
  // What comes between cells is written above the one that is being typed.
  client.onStray = (message) => {
    if (message.header.msg_type === "shutdown_reply") fail(new InferlabError("KERNEL", "the kernel was shut down"));
    else if (isRunning) printer.take(message);
    else if (/^(stream|error|display_data)$/.test(message.header.msg_type))
      editor.above(() => {
        printer.take(message);
        return printer.settled();
      });
  };
  const onInput = async (prompt: string, secret: boolean): Promise<string> => {
    await printer.settled();
    const edited = await editor.edit(prompt, { secret, single: true });
    if (edited === "interrupt") interrupt();
    return typeof edited === "string" ? "" : edited.text;
  };
  try {
    while (client.isAlive) {
      hasCell = false;
      isStopWanted = false;
      const edited = await Promise.race([editor.edit("> "), gone]);
      if (edited === "end") break;
      if (edited === "interrupt" || !edited.text.trim()) continue;
      const code = edited.text;
      if (code.trim() === ".exit") break;
      if (history.at(-1) !== code) history.push(code);
      isRunning = true;
      await Promise.race([client.execute(code, { onMessage: take, onInput }), gone]);
      await printer.settled();
      isRunning = false;
    }
    return 0;
  } catch (error) {
    await printer.settled();
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}
