/** `import * as tslab from "tslab"`: the display API of that kernel, so that people's notebooks for it run here. */
import { randomUUID } from "node:crypto";
import { publish } from "./output.ts";

type Data = string | Uint8Array;

function encoded(data: Data): string {
  return typeof data === "string" ? data : Buffer.from(data).toString("base64");
}

class Display {
  private readonly id: string | undefined;
  private isShown = false;

  /** With an id, later calls replace what the first one showed. */
  constructor(id?: string) {
    this.id = id;
  }

  private show(type: string, data: string): void {
    const msgType = this.id !== undefined && this.isShown ? "update_display_data" : "display_data";
    this.isShown = true;
    const content = type === "text/plain" ? { [type]: data } : { [type]: data, "text/plain": fallback(type, data) };
    publish(msgType, { data: content, metadata: {}, transient: this.id === undefined ? {} : { display_id: this.id } });
  }

  javascript(text: string): void {
    this.show("application/javascript", text);
  }
  html(text: string): void {
    this.show("text/html", text);
  }
  markdown(text: string): void {
    this.show("text/markdown", text);
  }
  latex(text: string): void {
    this.show("text/latex", text);
  }
  svg(text: string): void {
    this.show("image/svg+xml", text);
  }
  text(text: string): void {
    this.show("text/plain", text);
  }
  jpeg(data: Data): void {
    this.show("image/jpeg", encoded(data));
  }
  png(data: Data): void {
    this.show("image/png", encoded(data));
  }
  gif(data: Data): void {
    this.show("image/gif", encoded(data));
  }
  pdf(data: Data): void {
    this.show("application/pdf", encoded(data));
  }
  raw(type: string, data: Data): void {
    this.show(type, encoded(data));
  }
}

function fallback(type: string, data: string): string {
  if (type === "text/html") return data.replace(/<[^>]*>/g, "").trim() || "HTML";
  return /^text\/(?:markdown|latex)$/.test(type) ? data : type;
}

const versions = { node: process.version, tslab: "1.0.22", typescript: "" };

export const tslab = {
  display: new Display(),
  newDisplay: (): Display => new Display(randomUUID()),
  versions,
};

export async function loadTslab(): Promise<Record<string, unknown>> {
  return { ...tslab, default: tslab };
}
