import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Image } from "../../src/base/image.ts";
import { run as app } from "../../src/cli/app.ts";
import { run as pipelineCommand } from "../../src/cli/pipeline.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { decodeImage } from "../../src/pipeline/media/decode.ts";
import { saveImage } from "../../src/pipeline/media/encode.ts";
import { hasFonts } from "../../src/pipeline/media/letters.ts";
import { photographPage } from "../../src/pipeline/media/photograph-page.ts";
import { library } from "../../src/pipeline/nodes/library.ts";

const folder = mkdtempSync(join(tmpdir(), "cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fonts = await hasFonts();
if (!fonts) console.log("skipped 1 test: this machine has no fonts to draw a page with");
let printed = "";
beforeEach(() => {
  printed = "";
  vi.spyOn(console, "log").mockImplementation((text) => {
    printed += `${text}\n`;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("inferlab pipeline", () => {
  const file = join(folder, "thumb.json");
  const photo = join(folder, "photo.png");
  const thumb = pipeline("thumb", { photo: port<Image>("image") }, (p, { photo }) => ({
    small: p.stage("shrink", library.resize, [photo], { parameters: { width: 4 } }),
  }));

  test("runs a file on a picture, and shows, draws and writes it", async () => {
    writeFileSync(file, JSON.stringify(thumb));
    await saveImage(new Image(8, 6, 3, new Uint8Array(144).fill(77)), photo);
    expect(await pipelineCommand(["run", file, "--in", `photo=${photo}`, "--out", join(folder, "out")])).toBe(0);
    expect(JSON.parse(printed).small).toMatchObject({ width: 4, height: 3 });
    expect((await decodeImage(join(folder, "out", "small.png"))).width).toBe(4);
    for (const [command, found] of [
      ["show", "shrink = node resize(photo)"],
      ["dot", "digraph"],
      ["code", "nodes.resize"],
    ] as const) {
      printed = "";
      expect(await pipelineCommand([command, file])).toBe(0);
      expect(printed).toContain(found);
    }
  });

  test("says how it is called, and what is wrong", async () => {
    expect(await pipelineCommand([])).toBe(2);
    expect(printed).toContain("usage: inferlab pipeline run");
    await expect(pipelineCommand(["run", join(folder, "none.json")])).rejects.toMatchObject({ code: "FILE" });
    await expect(pipelineCommand(["run", file, "--in", "photo"])).rejects.toMatchObject({ code: "ARGUMENT" });
    await expect(pipelineCommand(["run", file])).rejects.toThrow(/input "photo" of pipeline "thumb" is missing/);
  });
});

describe("inferlab app", () => {
  test.skipIf(!fonts)("ocr reads a file and writes text, JSON and hOCR", async () => {
    const page = join(folder, "page.png");
    await saveImage(await photographPage(["Ham & eggs"]), page);
    for (const ending of ["txt", "json", "html"]) {
      const out = join(folder, `page.${ending}`);
      expect(await app(["ocr", "--in", page, "--out", out, "--engine", "ort"])).toBe(0);
      const written = readFileSync(out, "utf8");
      if (ending === "txt") expect(written).toBe("Ham & eggs\n");
      if (ending === "json") expect(JSON.parse(written).lines[0].text).toBe("Ham & eggs");
      if (ending === "html")
        expect(written).toMatch(/class="ocr_line" title="bbox \d+ \d+ \d+ \d+; x_wconf \d+">Ham &amp; eggs</);
    }
    expect(printed).toContain("1 line of text, written to");
  });

  test("says how it is called, and what is wrong", async () => {
    expect(await app([])).toBe(2);
    expect(printed).toContain("usage: inferlab app NAME");
    await expect(app(["fly"])).rejects.toThrow(/there is no app "fly"/);
    await expect(app(["ocr"])).rejects.toThrow(/--in FILE is missing/);
  });
});
