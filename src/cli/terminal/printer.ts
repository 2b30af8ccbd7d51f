/** What a kernel publishes, written to a terminal or a pipe: text in order, displays as text and, where it can be, pictures. */
import { stripVTControlCharacters } from "node:util";
import type { Json, Message } from "../../../kernel/protocol/messages.ts";
import { drawImage, type ImageProtocol } from "./images.ts";
import { columns } from "./width.ts";

export interface Screen {
  readonly isTerminal: boolean;
  readonly hasColors: boolean;
  readonly images: ImageProtocol;
  readonly columns: number;
  out(text: string): void;
  error(text: string): void;
}

/** Pixels a column is taken to be wide. */
const columnPixels = 8;

interface Shown {
  readonly id: string;
  readonly rows: number;
}

export class Printer {
  private readonly screen: Screen;
  /** The display the cursor stands below: an update may replace it. */
  private last: Shown | undefined;
  /** Texts of updates that could not replace what is shown: written when the cell ends. */
  private readonly later = new Map<string, string>();
  private atLineStart = true;
  private queue: Promise<void> = Promise.resolve();

  constructor(screen: Screen) {
    this.screen = screen;
  }

  /** Messages are shown one after the other, also where a picture takes time to encode. */
  take(message: Message): void {
    this.queue = this.queue.then(() => this.show(message.header.msg_type, message.content));
  }

  /** Resolves when everything taken so far is shown. */
  async settled(): Promise<void> {
    await this.queue;
    for (const text of this.later.values()) this.line(text);
    this.later.clear();
    this.last = undefined;
    this.freshLine();
  }

  private freshLine(): void {
    if (!this.atLineStart) this.write(this.screen.out, "\n");
  }

  private write(to: (text: string) => void, text: string): void {
    if (!text) return;
    const clean = this.screen.hasColors ? text : stripVTControlCharacters(text);
    to.call(this.screen, this.screen.isTerminal ? clean.replace(/\r?\n/g, "\r\n") : clean);
    this.atLineStart = clean.endsWith("\n");
    this.last = undefined;
  }

  private line(text: string): void {
    this.freshLine();
    this.write(this.screen.out, `${text}\n`);
  }

  private async show(type: string, content: Json): Promise<void> {
    if (type === "stream") {
      this.write(content["name"] === "stderr" ? this.screen.error : this.screen.out, String(content["text"]));
    } else if (type === "error") {
      const { traceback, ename, evalue } = content as { traceback?: string[]; ename?: string; evalue?: string };
      this.freshLine();
      this.write(this.screen.error, `${traceback?.length ? traceback.join("\n") : `${ename}: ${evalue}`}\n`);
    } else if (type === "execute_result" || type === "display_data" || type === "update_display_data") {
      const { display_id: id } = (content["transient"] ?? {}) as { display_id?: string };
      await this.display(content["data"] as Json, id, type === "update_display_data");
    }
  }

  private async display(data: Json, id: string | undefined, isUpdate: boolean): Promise<void> {
    const text = textOf(data);
    if (isUpdate) {
      if (!this.last || this.last.id !== id || !this.screen.isTerminal) {
        if (id !== undefined) this.later.set(id, text);
        return;
      }
      this.screen.out(`\u001b[${this.last.rows}A\r\u001b[J`);
    } else this.freshLine();
    const picture = this.screen.images === "none" ? undefined : pictureOf(data);
    const drawn = picture && (await this.draw(picture));
    // The picture says more than the text's own drawing of it; the first line has the numbers.
    const shown = drawn ? text.split("\n")[0]! : text;
    this.write(this.screen.out, `${shown}\n`);
    if (drawn) {
      this.screen.out(`${drawn}\r\n`);
      return;
    }
    if (id !== undefined) {
      const width = Math.max(1, this.screen.columns);
      const rows = stripVTControlCharacters(shown).split("\n");
      this.last = { id, rows: rows.reduce((sum, row) => sum + Math.max(1, Math.ceil(columns(row) / width)), 0) };
      this.later.delete(id);
    }
  }

  private async draw(picture: Uint8Array): Promise<string | undefined> {
    try {
      return await drawImage(picture, this.screen.images, this.screen.columns * columnPixels);
    } catch {
      return undefined; // Not a picture after all: its text is shown.
    }
  }
}

function pictureOf(data: Json): Uint8Array | undefined {
  const found = data["image/png"] ?? data["image/jpeg"];
  return typeof found === "string" ? Buffer.from(found, "base64") : undefined;
}

/** What a terminal can show of a MIME bundle without pictures. */
function textOf(data: Json): string {
  const text = data["text/plain"];
  return typeof text === "string" ? text : Array.isArray(text) ? text.join("") : `[${Object.keys(data).join(", ")}]`;
}
