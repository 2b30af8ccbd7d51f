/** The text of a photographed page: as text, as JSON with boxes, or as hOCR, which search tools lay under the picture. */
import { type OcrLine, type OcrResult, ocr } from "../ocr/ocr.ts";
import { type App, count } from "./app.ts";

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
  input: "picture",
  packages: [],
  outputs: {
    ".txt": "the lines",
    ".json": "lines with score and corners",
    ".html": "hOCR: text with boxes",
    picture: "the photograph with boxes",
  },
  async run({ input, compile }) {
    const result = await ocr(input, compile);
    const { lines, text, image } = result;
    return {
      summary: `${count(lines.length, "line")} of text`,
      text: text === "" ? "no text found" : text,
      files: {
        ".txt": () => `${text}\n`,
        ".json": () => `${JSON.stringify({ lines }, null, 2)}\n`,
        ".html": () => toHocr(result),
        picture: () => image,
      },
    };
  },
};
