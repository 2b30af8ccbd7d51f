/**
 * An editor for one cell in a terminal: several lines, colours, completion, documentation, history. It knows keys and the
 * screen; what a text means it asks of whoever made it.
 */

import { emitKeypressEvents, type Key } from "node:readline";
import { PassThrough } from "node:stream";
import { columns, step } from "./width.ts";

export interface Completion {
  readonly matches: readonly string[];
  /** Places in the text that a match replaces. */
  readonly start: number;
  readonly end: number;
}

export interface EditorHost {
  highlight(code: string): string;
  complete(code: string, at: number): Promise<Completion>;
  /** What is known of the name at a place, as text; undefined where nothing is. */
  inspect(code: string, at: number): Promise<string | undefined>;
  /** The indentation of a further line where the text goes on, undefined where it is complete. */
  continues(code: string): Promise<string | undefined>;
  /** Earlier cells, oldest first. */
  readonly history: readonly string[];
}

export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

/** What ended an edit: a text to run, Ctrl+C, or Ctrl+D on an empty line. */
export type Edited = { readonly text: string } | "interrupt" | "end";

const esc = "\u001b";
/** Rows of completions or documentation below the text. */
const maxHelpRows = 12;

export class Editor {
  private readonly host: EditorHost;
  private readonly terminal: Terminal;
  private readonly keys = new PassThrough();
  private text = "";
  private at = 0;
  private help = "";
  private prompt = "";
  private isSecret = false;
  private isSingle = false;
  private isPasting = false;
  private place: number | undefined;
  private typed = "";
  /** Row of the cursor below the first row that was drawn. */
  private drawnRow = 0;
  private finish: ((edited: Edited) => void) | undefined;
  /** Keys that came while nothing was edited. */
  private readonly early: [string | undefined, Key][] = [];
  private queue: Promise<void> = Promise.resolve();
  /** Called for Ctrl+C while nothing is edited. */
  onInterrupt: () => void = () => {};

  constructor(host: EditorHost, terminal: Terminal) {
    this.host = host;
    this.terminal = terminal;
    emitKeypressEvents(this.keys);
    this.keys.on("keypress", (text: string | undefined, key: Key) => {
      if (this.finish) this.take(text, key);
      else this.keep(text, key);
    });
  }

  /** A key that comes while nothing is edited. */
  private keep(text: string | undefined, key: Key): void {
    if (key.ctrl && key.name === "c") {
      this.early.length = 0;
      this.onInterrupt();
    } else this.early.push([text, key]);
  }

  private isEditing(): boolean {
    return this.finish !== undefined;
  }

  /** What the terminal sent. */
  feed(data: Uint8Array | string): void {
    this.keys.write(data);
  }

  /** Lets a cell be typed. `secret` shows nothing; `single` ends at Enter. */
  edit(prompt: string, options: { secret?: boolean; single?: boolean } = {}): Promise<Edited> {
    this.prompt = prompt;
    this.isSecret = options.secret ?? false;
    this.isSingle = options.single ?? this.isSecret;
    this.text = "";
    this.at = 0;
    this.help = "";
    this.place = undefined;
    this.drawnRow = 0;
    this.terminal.write(`${esc}[?2004h`);
    return new Promise((resolve) => {
      this.finish = (edited) => {
        this.finish = undefined;
        this.help = "";
        this.at = this.text.length;
        this.draw();
        this.terminal.write(`${esc}[?2004l\r\n`);
        resolve(edited);
      };
      this.draw();
      for (const [text, key] of this.early.splice(0)) this.take(text, key);
    });
  }

  /** Writes something above the text that is being edited. */
  above(action: () => Promise<void>): void {
    this.queue = this.queue.then(async () => {
      if (this.finish) this.clear();
      await action();
      this.drawnRow = 0;
      if (this.finish) this.draw();
    });
  }

  /** Keys wait for each other: a completion is answered before the next key counts. */
  private take(text: string | undefined, key: Key): void {
    this.queue = this.queue.then(async () => {
      if (!this.finish) {
        this.keep(text, key);
        return;
      }
      this.help = "";
      await this.act(text, key);
      if (this.isEditing() && !this.isPasting) this.draw();
    });
  }

  private async act(text: string | undefined, key: Key): Promise<void> {
    const { name, ctrl, meta } = key;
    if (name === "paste-start") this.isPasting = true;
    else if (name === "paste-end") this.isPasting = false;
    else if (this.isPasting) this.insert(name === "return" || name === "enter" ? "\n" : (text ?? ""));
    else if (ctrl && name === "c") this.finish?.("interrupt");
    else if (ctrl && name === "d") {
      if (this.text) this.remove(step(this.text, this.at, 1));
      else this.finish?.("end");
    } else if ((name === "return" && meta) || (name === "enter" && !this.isSingle)) this.insert("\n");
    else if (name === "return" || name === "enter") await this.enter();
    else if (name === "tab") await (key.shift ? this.document() : this.complete());
    else if (name === "backspace") {
      if (meta || ctrl) this.remove(this.word(-1));
      else this.remove(step(this.text, this.at, -1));
    } else if (name === "delete") this.remove(step(this.text, this.at, 1));
    else if (ctrl && name === "w") this.remove(this.word(-1));
    else if (ctrl && name === "u") this.remove(this.lineStart());
    else if (ctrl && name === "k") this.remove(this.lineEnd());
    else if (ctrl && name === "l") {
      this.terminal.write(`${esc}[2J${esc}[H`);
      this.drawnRow = 0;
    } else if ((ctrl && name === "a") || name === "home") this.at = this.lineStart();
    else if ((ctrl && name === "e") || name === "end") this.at = this.lineEnd();
    else if ((name === "left" || name === "b") && (ctrl || meta) && !(ctrl && name === "b")) this.at = this.word(-1);
    else if ((name === "right" || name === "f") && (ctrl || meta) && !(ctrl && name === "f")) this.at = this.word(1);
    else if (name === "left" || (ctrl && name === "b")) this.at = step(this.text, this.at, -1);
    else if (name === "right" || (ctrl && name === "f")) this.at = step(this.text, this.at, 1);
    else if (name === "up" || (ctrl && name === "p")) this.vertical(-1);
    else if (name === "down" || (ctrl && name === "n")) this.vertical(1);
    else if (text && !ctrl && !meta && text >= " " && text !== "\u007f") {
      // A closing bracket that begins its line stands one step to the left.
      if (/^[})\]]$/.test(text) && /^(?: {2})+$/.test(this.text.slice(this.lineStart(), this.at)))
        this.remove(this.at - 2);
      this.insert(text);
    }
  }

  private insert(text: string): void {
    this.text = this.text.slice(0, this.at) + text + this.text.slice(this.at);
    this.at += text.length;
    this.place = undefined;
  }

  /** Takes away what lies between the cursor and a place. */
  private remove(to: number): void {
    const [start, end] = [Math.min(to, this.at), Math.max(to, this.at)];
    this.text = this.text.slice(0, start) + this.text.slice(end);
    this.at = start;
    this.place = undefined;
  }

  private lineStart(): number {
    return this.text.lastIndexOf("\n", this.at - 1) + 1;
  }

  private lineEnd(): number {
    const end = this.text.indexOf("\n", this.at);
    return end < 0 ? this.text.length : end;
  }

  private word(direction: -1 | 1): number {
    if (direction < 0) return /[\p{L}\p{N}_$]*[^\p{L}\p{N}_$]*$/u.exec(this.text.slice(0, this.at))!.index;
    return this.at + /^[^\p{L}\p{N}_$]*[\p{L}\p{N}_$]*/u.exec(this.text.slice(this.at))![0].length;
  }

  private async enter(): Promise<void> {
    const isAtEnd = !this.text.slice(this.at).trim();
    const lastLine = this.text.slice(this.lineStart(), this.at);
    // An empty line ends a cell that could go on.
    const isForced = this.text.includes("\n") && !lastLine.trim() && isAtEnd;
    if (this.isSingle || !this.text.trim() || isForced) {
      this.finish?.({ text: this.isSingle ? this.text : this.text.trimEnd() });
      return;
    }
    if (!isAtEnd && this.text.includes("\n")) {
      this.insert("\n");
      return;
    }
    const indent = await this.host.continues(this.text);
    if (indent === undefined) this.finish?.({ text: this.text.trimEnd() });
    else this.insert(`\n${indent}`);
  }

  private async complete(): Promise<void> {
    const before = this.text.slice(this.lineStart(), this.at);
    if (!before.trim() || this.isSingle) {
      this.insert("  ");
      return;
    }
    const { matches, start, end } = await this.host.complete(this.text, this.at);
    const typed = this.text.slice(start, end);
    let common = matches[0] ?? "";
    for (const match of matches) while (!match.startsWith(common)) common = common.slice(0, -1);
    if (common.length > typed.length && common.startsWith(typed)) {
      this.text = this.text.slice(0, start) + common + this.text.slice(end);
      this.at = start + common.length;
    } else if (matches.length === 1 && matches[0] !== typed) {
      this.text = this.text.slice(0, start) + matches[0] + this.text.slice(end);
      this.at = start + matches[0]!.length;
    } else if (matches.length < 2) {
      await this.document();
      return;
    }
    if (matches.length > 1) this.help = this.grid(matches);
  }

  private async document(): Promise<void> {
    const found = await this.host.inspect(this.text, this.at);
    if (found === undefined) {
      this.help = "nothing is known of this";
      return;
    }
    const lines = found.trimEnd().split("\n");
    const shown = lines.slice(0, maxHelpRows).map((line) => cut(line, this.terminal.columns - 1));
    this.help = [...shown, ...(lines.length > maxHelpRows ? [`… ${lines.length - maxHelpRows} more lines`] : [])].join(
      "\n",
    );
  }

  private grid(matches: readonly string[]): string {
    const width = Math.min(40, Math.max(...matches.map(columns)) + 2);
    const perRow = Math.max(1, Math.floor((this.terminal.columns - 1) / width));
    const shown = matches.slice(0, perRow * maxHelpRows);
    const rows: string[] = [];
    for (let at = 0; at < shown.length; at += perRow)
      rows.push(
        shown
          .slice(at, at + perRow)
          .map((match) => cut(match, width - 2).padEnd(width))
          .join("")
          .trimEnd(),
      );
    if (shown.length < matches.length) rows.push(`… ${matches.length - shown.length} more`);
    return rows.join("\n");
  }

  /** Up and down: through the lines, and past them through earlier cells that begin as what was typed. */
  private vertical(direction: -1 | 1): void {
    const start = this.lineStart();
    const column = this.at - start;
    if (direction < 0 && start > 0 && this.place === undefined) {
      const before = this.text.lastIndexOf("\n", start - 2) + 1;
      this.at = Math.min(before + column, start - 1);
      return;
    }
    const end = this.lineEnd();
    if (direction > 0 && end < this.text.length && this.place === undefined) {
      const after = this.text.indexOf("\n", end + 1);
      this.at = Math.min(end + 1 + column, after < 0 ? this.text.length : after);
      return;
    }
    if (this.isSingle) return;
    const { history } = this.host;
    if (this.place === undefined) this.typed = this.text;
    let place = this.place ?? history.length;
    do place += direction;
    while (
      place >= 0 &&
      place < history.length &&
      (!history[place]!.startsWith(this.typed) || history[place] === this.text)
    );
    if (place < 0) return;
    this.place = place >= history.length ? undefined : place;
    this.text = this.place === undefined ? this.typed : history[place]!;
    this.at = this.text.length;
  }

  private clear(): void {
    this.terminal.write(`${this.drawnRow ? `${esc}[${this.drawnRow}A` : ""}\r${esc}[J`);
  }

  /** Draws everything anew, in one write: a terminal shows no half of it. */
  private draw(): void {
    const width = Math.max(20, this.terminal.columns);
    const indent = " ".repeat(columns(this.prompt));
    const code = this.isSecret ? "" : this.text;
    const colored = this.isSingle ? code : this.host.highlight(code);
    const plain = code.split("\n");
    const lines = colored
      .split("\n")
      .map(
        (line, index) =>
          `${index ? `${esc}[90m${indent.slice(2)}${indent.length > 1 ? "… " : ""}${esc}[39m` : this.prompt}${line}`,
      );
    const rowsOf = (line: string): number => Math.max(1, Math.ceil((columns(line) + indent.length) / width));
    const before = this.isSecret ? [""] : code.slice(0, this.at).split("\n");
    const lastBefore = columns(before.at(-1)!) + indent.length;
    const cursorRow =
      plain.slice(0, before.length - 1).reduce((sum, line) => sum + rowsOf(line), 0) + Math.floor(lastBefore / width);
    // A line that ends at the last column leaves the cursor there: the next row must exist to stand on.
    const endsFull = (columns(plain.at(-1)!) + indent.length) % width === 0;
    const totalRows = plain.reduce((sum, line) => sum + rowsOf(line), 0) + (endsFull ? 1 : 0);
    const helpRows = this.help ? this.help.split("\n").length : 0;
    const up = totalRows - 1 - cursorRow + helpRows;
    const column = lastBefore % width;
    this.terminal.write(
      `${this.drawnRow ? `${esc}[${this.drawnRow}A` : ""}\r${esc}[J${lines.join("\r\n")}${endsFull ? "\r\n" : ""}` +
        (this.help ? `\r\n${esc}[2m${this.help.replaceAll("\n", "\r\n")}${esc}[22m` : "") +
        `${up ? `${esc}[${up}A` : ""}\r${column ? `${esc}[${column}C` : ""}`,
    );
    this.drawnRow = cursorRow;
  }
}

function cut(text: string, width: number): string {
  return columns(text) <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
