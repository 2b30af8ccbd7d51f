/** The pieces of the terminal session that need no terminal: pictures, colours, widths, where kernels are found. */
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, test, vi } from "vitest";
import { findConnectionFile } from "../../kernel/client/connection-files.ts";
import { type Completion, Editor, type EditorHost } from "../../src/cli/terminal/editor.ts";
import { highlight } from "../../src/cli/terminal/highlight.ts";
import { drawImage, protocolFromAnswer, protocolOf, sixel } from "../../src/cli/terminal/images.ts";
import { columns, step } from "../../src/cli/terminal/width.ts";

const esc = "\u001b";

afterEach(() => vi.unstubAllEnvs());

/** Pixels of a Sixel text, as a terminal would draw them: `#rrggbb` in percent, undefined where nothing is. */
function readSixel(text: string): (string | undefined)[][] {
  const body = new RegExp(`^${esc}P0;1q"1;1;(\\d+);(\\d+)([\\s\\S]*)${esc}\\\\$`).exec(text)!;
  const [width, height] = [Number(body[1]), Number(body[2])];
  const rows: (string | undefined)[][] = Array.from({ length: height }, () => Array(width).fill(undefined));
  const colors = new Map<number, string>();
  let [x, top, color] = [0, 0, 0];
  for (const [part, define, rgb, use, count, run] of body[3]!.matchAll(
    /#(\d+);2;([\d;]+)|#(\d+)|!(\d+)([?-~])|[?-~]|\$|-/g,
  )) {
    if (define) colors.set(Number(define), rgb!);
    else if (use) color = Number(use);
    else if (part === "$") x = 0;
    else if (part === "-") [x, top] = [0, top + 6];
    else
      for (let n = Number(count ?? 1); n > 0; n--, x++)
        for (let bit = 0; bit < 6; bit++)
          if ((((run ?? part).charCodeAt(0) - 63) >> bit) & 1) rows[top + bit]![x] = colors.get(color);
  }
  return rows;
}

describe("pictures", () => {
  test("Sixel draws every pixel in its colour, and none where it is transparent", () => {
    const [width, height] = [13, 9];
    const data = new Uint8Array(4 * width * height);
    for (let i = 0; i < width * height; i++) data.set([(i % 5) * 51, (i % 3) * 102, 255, i % 7 ? 255 : 0], 4 * i);
    const rows = readSixel(sixel({ width, height, data }));
    for (let i = 0; i < width * height; i++)
      expect(rows[Math.floor(i / width)]![i % width]).toBe(i % 7 ? `${(i % 5) * 20};${(i % 3) * 40};100` : undefined);
  });

  test("Sixel takes pictures of more colours than it has registers", () => {
    const data = Uint8Array.from({ length: 4 * 64 * 64 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) & 255));
    for (const row of readSixel(sixel({ width: 64, height: 64, data }))) expect(row).not.toContain(undefined);
  });

  test("kitty and iTerm2 get a PNG, in pieces and in one", async () => {
    const pixels = Uint8Array.from({ length: 3 * 200 * 200 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const png = await sharp(pixels, { raw: { width: 200, height: 200, channels: 3 } })
      .png()
      .toBuffer();
    const commands = (await drawImage(png, "kitty", 100)).split("\u001b\\").slice(0, -1);
    expect(commands.length).toBeGreaterThan(1);
    expect(commands[0]).toMatch(new RegExp(`^${esc}_Ga=T,f=100,q=2,m=1;`));
    expect(commands.at(-1)).toMatch(new RegExp(`^${esc}_Gm=0;`));
    const sent = Buffer.from(commands.map((command) => command.split(";")[1]).join(""), "base64");
    expect((await sharp(sent).metadata()).width).toBe(100);
    const inline = await drawImage(png, "iterm", 1000);
    expect(inline.slice(0, -1)).toMatch(
      new RegExp(`^${esc}]1337;File=inline=1;size=\\d+;preserveAspectRatio=1:[\\w+/=]+$`),
    );
    expect(await drawImage(png, "none", 100)).toBe("");
  });

  test.each([
    [{ TERM: "xterm-kitty" }, "kitty"],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, "iterm"],
    [{ TERM: "xterm-256color" }, undefined],
    [{ TERM: "tmux-256color", TMUX: "x", KITTY_WINDOW_ID: "1" }, undefined],
    [{ TERM: "dumb" }, "none"],
  ])("the environment %o says %s", (env, protocol) => {
    expect(protocolOf(env)).toBe(protocol);
  });

  test.each([
    ["\u001b[?62;4;22c", "sixel"],
    ["\u001b[?62;22c", "none"],
    ["\u001b_Gi=31;OK\u001b\\\u001b[?62;4c", "kitty"],
    ["\u001b[?62;4", undefined],
  ])("a terminal that answers %j takes %s", (answer, protocol) => {
    expect(protocolFromAnswer(answer)).toBe(protocol);
  });
});

test.each(["const a = 'x' // c", "`open ${", "/* open", "%time 1\n!ls", "class Ä { #x = 0x1fn }", "'\\"])(
  "colours change no character of %j",
  (code) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are
    expect(highlight(code).replace(/\u001b\[\d+m/g, "")).toBe(code);
    expect(highlight(code)).not.toBe(code);
  },
);

test.each([
  ["abc", 3],
  ["日本", 4],
  ["e\u0301", 1],
  ["👩‍👩‍👧", 2],
])("%j takes %i columns", (text, width) => {
  expect(columns(text)).toBe(width);
  expect(step(text, 0, 1) > 0 && step(text, text.length, -1) < text.length).toBe(true);
});

test("a kernel is found by path, by part of its id, and as the latest", () => {
  const folder = mkdtempSync(join(tmpdir(), "inferlab-runtime-"));
  vi.stubEnv("JUPYTER_RUNTIME_DIR", join(folder, "none"));
  expect(() => findConnectionFile(undefined)).toThrow(/no kernel has a connection file/);
  vi.stubEnv("JUPYTER_RUNTIME_DIR", folder);
  for (const [name, seconds] of [
    ["kernel-old.json", 1000],
    ["kernel-new.json", 2000],
    ["other-newest.json", 3000],
  ] as const) {
    writeFileSync(join(folder, name), "{}");
    utimesSync(join(folder, name), seconds, seconds);
  }
  mkdirSync(join(folder, "kernel-folder"));
  expect(findConnectionFile(undefined)).toBe(join(folder, "kernel-new.json"));
  expect(findConnectionFile("old")).toBe(join(folder, "kernel-old.json"));
  expect(findConnectionFile(join(folder, "other-newest.json"))).toBe(join(folder, "other-newest.json"));
  expect(() => findConnectionFile("absent")).toThrow(/no kernel "absent"/);
});

describe("the editor", () => {
  const make = (host: Partial<EditorHost> = {}) => {
    let screen = "";
    const editor = new Editor(
      {
        highlight: (code) => code,
        complete: async (_code, at): Promise<Completion> => ({ matches: [], start: at, end: at }),
        inspect: async () => undefined,
        continues: async (code) => (/[{(]\s*$/.test(code) ? "  " : undefined),
        history: [],
        ...host,
      },
      { columns: 40, rows: 20, write: (text) => void (screen += text) },
    );
    const type = async (keys: string, options?: { secret?: boolean; single?: boolean }) => {
      const edited = editor.edit("> ", options);
      editor.feed(keys);
      return edited;
    };
    return { editor, type, screen: () => screen };
  };
  const [left, up, down, home, end] = ["\u001b[D", "\u001b[A", "\u001b[B", "\u001b[H", "\u001b[F"];
  const alt = "\u001b";

  test.each([
    ["1 + 1\r", "1 + 1"],
    [`ac${left}b\r`, "abc"],
    [`bc${home}a${end}d\r`, "abcd"],
    ["one two\u0017three\r", "one three"],
    ["abc\u0015x\r", "x"],
    [`abc${home}\u000b1\r`, "1"],
    ["日本\u007f語\r", "日語"],
    ["f(() => {\r1\r\r", "f(() => {\n  1"],
    ["f(() => {\r})\r", "f(() => {\n})"],
    [`a${alt}\rb\r`, "a\nb"],
    [`a${alt}\rb${up}x${down}y\r`, "ax\nby"],
    ["\u001b[200~a {\n\tb\n}\u001b[201~\r", "a {\n\tb\n}"],
    ["ab\u001b[3~\u0002\u0004\r", "a"],
  ])("%j gives %j", async (keys, text) => {
    expect(await make().type(keys)).toEqual({ text });
  });

  test("Ctrl+C drops, Ctrl+D leaves an empty line, secrets are not shown", async () => {
    expect(await make().type("abc\u0003")).toBe("interrupt");
    expect(await make().type("\u0004")).toBe("end");
    const { type, screen } = make();
    expect(await type("hidden\r", { secret: true })).toEqual({ text: "hidden" });
    expect(screen()).not.toContain("hidden");
  });

  test("Up finds earlier cells, by what they begin with where something was typed", async () => {
    const history = ["let a = 1", "f(2)", "let b = 2", "g(3)"];
    expect(await make({ history }).type(`${up}\r`)).toEqual({ text: "g(3)" });
    expect(await make({ history }).type(`let${up}${up}\r`)).toEqual({ text: "let a = 1" });
    expect(await make({ history }).type(`let${up}${down}\r`)).toEqual({ text: "let" });
  });

  test("Tab takes the only match, else what all have in common, and lists them; then it documents", async () => {
    const complete = async (code: string, at: number) => ({
      matches: ["value.alpha", "value.alps", "value.beta"].filter((name) => name.startsWith(code)),
      start: 0,
      end: at,
    });
    expect(await make({ complete }).type("value.b\t\r")).toEqual({ text: "value.beta" });
    const { type, screen } = make({ complete, inspect: async () => "documentation of it" });
    expect(await type("value.a\t\t\r")).toEqual({ text: "value.alp" });
    expect(screen()).toContain("value.alpha  value.alps");
    const documented = make({ complete, inspect: async () => "documentation of it" });
    await documented.type("value.beta\t\r");
    expect(documented.screen()).toContain("documentation of it");
  });

  test("Ctrl+C right behind Enter stops the cell that Enter sends", async () => {
    const { editor } = make();
    let numInterrupts = 0;
    editor.onInterrupt = () => numInterrupts++;
    const edited = editor.edit("> ");
    editor.feed("while (true);\r\u0003");
    expect(await edited).toEqual({ text: "while (true);" });
    await vi.waitFor(() => expect(numInterrupts).toBe(1));
  });

  test("keys typed while a cell runs are kept for the next one; Ctrl+C drops them and stops the cell", async () => {
    const { editor } = make();
    let numInterrupts = 0;
    editor.onInterrupt = () => numInterrupts++;
    editor.feed("lost\u0003kept");
    const edited = editor.edit("> ");
    editor.feed("\r");
    expect(await edited).toEqual({ text: "kept" });
    expect(numInterrupts).toBe(1);
  });
});
