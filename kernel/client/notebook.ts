/** Notebook files (nbformat 4) as far as running one needs them. Source: nbformat 4.5 JSON schema. */
import { InferlabError } from "../../src/base/errors.ts";
import { isObject, type Json, type Message } from "../protocol/messages.ts";

export interface CodeCell extends Json {
  cell_type: "code";
  source: string | string[];
  outputs: Json[];
  execution_count: number | null;
}
export interface OtherCell extends Json {
  cell_type: "markdown" | "raw";
}
export interface Notebook extends Json {
  cells: (CodeCell | OtherCell)[];
}

/** Errors: KERNEL where the text is not a notebook of format 4. */
export function parseNotebook(text: string, path: string): Notebook {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InferlabError("KERNEL", `${path} is not a notebook: ${(error as Error).message}`, { cause: error });
  }
  if (!isObject(value) || !Array.isArray(value["cells"]))
    throw new InferlabError("KERNEL", `${path} is not a notebook: it has no list "cells"`);
  if (value["nbformat"] !== 4)
    throw new InferlabError("KERNEL", `${path} has notebook format ${JSON.stringify(value["nbformat"])}, expected 4`, {
      hint: "open and save it with any current Jupyter",
    });
  value["cells"].forEach((cell: unknown, index) => {
    if (!isObject(cell) || typeof cell["cell_type"] !== "string")
      throw new InferlabError("KERNEL", `${path}: cell ${index + 1} has no cell_type`);
    const { source } = cell;
    const isText =
      typeof source === "string" || (Array.isArray(source) && source.every((line) => typeof line === "string"));
    if (!isText) throw new InferlabError("KERNEL", `${path}: cell ${index + 1} has no source text`);
  });
  return value as Notebook;
}

/** Lines as nbformat stores them: each with its line break. */
function lines(text: string): string[] {
  return text.split(/(?<=\n)/);
}

function mimeLines(data: Json): Json {
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => [
      type,
      typeof value === "string" && (type.startsWith("text/") || type === "image/svg+xml") ? lines(value) : value,
    ]),
  );
}

/** Does to a cell's outputs what an iopub message asks for. `update_display_data` reaches every cell's outputs. */
export function applyMessage(notebook: Notebook, cell: CodeCell, message: Message): void {
  const { content } = message;
  const clearFirst = (): void => {
    if (pendingClear.delete(cell)) cell.outputs = [];
  };
  switch (message.header.msg_type) {
    case "execute_input":
      cell.execution_count = content["execution_count"] as number;
      break;
    case "stream": {
      clearFirst();
      const last = cell.outputs[cell.outputs.length - 1];
      const text = String(content["text"]);
      if (last?.["output_type"] === "stream" && last["name"] === content["name"])
        last["text"] = lines((last["text"] as string[]).join("") + text);
      else cell.outputs.push({ output_type: "stream", name: content["name"], text: lines(text) });
      break;
    }
    case "display_data":
    case "execute_result": {
      clearFirst();
      const output: Json = {
        output_type: message.header.msg_type,
        data: mimeLines(content["data"] as Json),
        metadata: content["metadata"] ?? {},
      };
      if (message.header.msg_type === "execute_result") output["execution_count"] = content["execution_count"];
      const id = (content["transient"] as Json | undefined)?.["display_id"];
      if (typeof id === "string") displayIds.set(output, id);
      cell.outputs.push(output);
      break;
    }
    case "update_display_data": {
      const id = (content["transient"] as Json | undefined)?.["display_id"];
      for (const other of notebook.cells) {
        if (other.cell_type !== "code") continue;
        for (const output of other.outputs) {
          if (id === undefined || displayIds.get(output) !== id) continue;
          output["data"] = mimeLines(content["data"] as Json);
          output["metadata"] = content["metadata"] ?? {};
        }
      }
      break;
    }
    case "error":
      clearFirst();
      cell.outputs.push({
        output_type: "error",
        ename: content["ename"],
        evalue: content["evalue"],
        traceback: content["traceback"],
      });
      break;
    case "clear_output":
      if (content["wait"]) pendingClear.add(cell);
      else cell.outputs = [];
      break;
  }
}

/** Display ids are transient: they live beside the outputs, not in them. */
const displayIds = new WeakMap<Json, string>();
const pendingClear = new WeakSet<CodeCell>();
