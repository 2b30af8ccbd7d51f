/** `inferlab repl`: cells typed at a terminal, through the same evaluator as notebooks; also from a pipe. */
import { createInterface, type Interface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { Evaluator } from "../../kernel/evaluator/evaluator.ts";

const usage = `usage: inferlab repl

A terminal session: TypeScript with top-level await, imports and displays. Reads cells from a pipe as well:
  echo '1 + 1' | inferlab repl`;

const greeting = [
  `inferlab: TypeScript for neural networks, on Node ${process.version}`,
  'Type:  import { tensor } from "inferlab"; tensor([1, 2, 3]).mul(2)',
  "Enter runs a line once it is complete, Ctrl+C stops what runs, Ctrl+D or .exit leaves.",
];

/** Returns the exit code: 1 where a cell read from a pipe failed. */
export async function run(args: string[]): Promise<number> {
  if (args.length) {
    console.log(usage);
    return args[0] === "--help" || args[0] === "-h" ? 0 : 2;
  }
  return new Repl().run();
}

class Repl {
  private readonly isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  private readonly hasColours = process.stdout.isTTY === true && !process.env["NO_COLOR"];
  private readonly lines: Interface;
  private readonly evaluator: Evaluator;
  private numCells = 0;
  private numFailed = 0;
  private isRunning = false;
  private text = "";
  private answer: ((line: string | null) => void) | undefined;

  constructor() {
    this.lines = createInterface({
      input: process.stdin,
      ...(this.isTerminal && { output: process.stdout, terminal: true }),
    });
    this.evaluator = new Evaluator({
      stream: (_context, name, text) => process[name].write(text),
      publish: (_context, msgType, content) => this.show(msgType, content),
      inputRequest: (_context, prompt) => this.ask(prompt),
    });
  }

  /** Lines come when they like; cells run one after the other. */
  async run(): Promise<number> {
    console.log(greeting.join("\n"));
    void this.evaluator.loadCompiler();
    const queue: string[] = [];
    let isOver = false;
    let wake = (): void => {};
    this.lines.on("line", (line) => {
      if (this.answer) this.answerWith(line);
      else queue.push(line);
      wake();
    });
    this.lines.on("close", () => {
      isOver = true;
      this.answerWith(null);
      wake();
    });
    this.lines.on("SIGINT", () => this.stop());
    this.prompt();
    while (true) {
      const line = queue.shift();
      if (line !== undefined) {
        if (!this.text && line.trim() === ".exit") break;
        await this.take(line);
      } else if (isOver) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    if (this.text.trim()) await this.runCell();
    this.lines.close();
    this.evaluator.close();
    return !this.isTerminal && this.numFailed ? 1 : 0;
  }

  private async take(line: string): Promise<void> {
    this.text += this.text ? `\n${line}` : line;
    // An empty line ends a cell that could go on.
    if (!this.text.trim()) this.text = "";
    else if (line.trim() === "" || (await this.evaluator.completeness(this.text)).status !== "incomplete")
      await this.runCell();
    this.prompt();
  }

  private async runCell(): Promise<void> {
    const code = this.text;
    this.text = "";
    this.isRunning = true;
    this.numCells++;
    const outcome = await this.evaluator.execute({
      context: this.numCells,
      label: this.numCells,
      code,
      allowStdin: true,
    });
    this.isRunning = false;
    if (outcome.status === "ok") {
      if (outcome.result) console.log(textOf(outcome.result.data));
    } else {
      this.numFailed++;
      const text = outcome.traceback.join("\n");
      console.error(this.hasColours ? text : stripVTControlCharacters(text));
    }
  }

  private show(msgType: string, content: Record<string, unknown>): void {
    if (msgType === "clear_output" && this.isTerminal) process.stdout.write("\u001b[2J\u001b[H");
    if (/display_data$/.test(msgType)) console.log(textOf(content["data"] as Record<string, unknown>));
  }

  private prompt(): void {
    if (!this.isTerminal) return;
    this.lines.setPrompt(this.text ? "... " : "> ");
    this.lines.prompt();
  }

  private ask(prompt: string): Promise<string | null> {
    process.stdout.write(prompt);
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }

  private answerWith(line: string | null): void {
    this.answer?.(line);
    this.answer = undefined;
  }

  /** Ctrl+C: stops a running cell, else drops what was typed. */
  private stop(): void {
    if (this.isRunning) {
      this.answerWith(null);
      void this.evaluator.interrupt();
      return;
    }
    this.text = "";
    process.stdout.write("\n");
    this.prompt();
  }
}

/** What a terminal can show of a MIME bundle. */
function textOf(data: Record<string, unknown>): string {
  const text = data["text/plain"];
  return typeof text === "string" ? text : Array.isArray(text) ? text.join("") : `[${Object.keys(data).join(", ")}]`;
}
