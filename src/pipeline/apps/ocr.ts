/** The text of a photographed page: as text, as JSON with boxes, or as hOCR, which search tools lay under the picture. */
import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { InferlabError } from "../../base/errors.ts";
import { type OcrLine, type OcrResult, ocr } from "../ocr/ocr.ts";
import type { App } from "./app.ts";

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** hOCR 1.2: one ocr_line a line, with its box and confidence. */
function toHocr({ lines, image }: OcrResult): string {
  const line = ({ text, score, quad }: OcrLine): string => {
    const xs = quad.map(([x]) => x);
    const ys = quad.map(([, y]) => y);
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)].map(Math.round).join(" ");
    return `    <p><span class="ocr_line" title="bbox ${box}; x_wconf ${Math.round(100 * score)}">${escaped(text)}</span></p>`;
  };
  return [
    "<!DOCTYPE html>",
    '<html><head><meta charset="utf-8"><meta name="ocr-system" content="inferlab"><title>text</title></head>',
    `  <body><div class="ocr_page" title="bbox 0 0 ${image.width} ${image.height}">`,
    ...lines.map(line),
    "  </div></body>",
    "</html>",
    "",
  ].join("\n");
}

export const ocrApp: App = {
  name: "ocr",
  about: "reads the text of a photograph",
  outputs: { ".txt": "the lines", ".json": "lines with score and corners", ".html": "hOCR: text with boxes" },
  async run({ input, output, ...compile }) {
    const result = await ocr(input, compile);
    if (output === undefined) return result.text === "" ? "no text found" : result.text;
    const { lines, text } = result;
    const writers: Record<string, () => string> = {
      ".txt": () => `${text}\n`,
      ".json": () => `${JSON.stringify({ lines }, null, 2)}\n`,
      ".html": () => toHocr(result),
    };
    const write = writers[extname(output).toLowerCase()];
    if (!write)
      throw new InferlabError(
        "ARGUMENT",
        `${JSON.stringify(output)} ends in none of ${Object.keys(writers).join(", ")}`,
      );
    await writeFile(output, write()).catch((cause) => {
      throw new InferlabError("FILE", `${JSON.stringify(output)} cannot be written: ${(cause as Error).message}`, {
        cause,
      });
    });
    return `${lines.length} ${lines.length === 1 ? "line" : "lines"} of text, written to ${output}`;
  },
};
