/** Pictures in terminals that can show them: which protocol a terminal speaks, and the bytes that draw a picture in it. */

export type ImageProtocol = "kitty" | "iterm" | "sixel" | "none";

/** What the environment says; undefined where the terminal must be asked. */
export function protocolOf(env: NodeJS.ProcessEnv): ImageProtocol | undefined {
  const { TERM = "", TERM_PROGRAM = "", LC_TERMINAL = "", KITTY_WINDOW_ID, TMUX } = env;
  if (TMUX || /^(screen|tmux)/.test(TERM)) return undefined; // What lies outside it is not what draws.
  if (KITTY_WINDOW_ID || TERM === "xterm-kitty" || TERM_PROGRAM === "ghostty" || TERM === "xterm-ghostty")
    return "kitty";
  if (TERM_PROGRAM === "iTerm.app" || TERM_PROGRAM === "WezTerm" || LC_TERMINAL === "iTerm2") return "iterm";
  if (TERM === "dumb" || TERM === "linux" || TERM === "") return "none";
  return undefined;
}

const esc = "\u001b";

/**
 * Asks a terminal two questions: whether it takes kitty graphics (a picture of one pixel, not to be shown), and its attributes,
 * which every terminal answers and which name Sixel (4). Source: kitty graphics protocol, "Querying support"; xterm, DA1.
 */
export const protocolQuery = `${esc}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA${esc}\\${esc}[c`;

/** The protocol an answer names; undefined while the answer is not complete. */
export function protocolFromAnswer(answer: string): ImageProtocol | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals answer with them
  const attributes = /\u001b\[\?([\d;]*)c/.exec(answer);
  if (!attributes) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  if (/\u001b_Gi=31;OK/.test(answer)) return "kitty";
  return attributes[1]!.split(";").includes("4") ? "sixel" : "none";
}

/** Bytes of base64 in one kitty command. Source: kitty graphics protocol, "Remote client". */
const kittyChunk = 4096;

/** PNG bytes as kitty graphics commands. */
export function kitty(png: Uint8Array): string {
  const text = Buffer.from(png).toString("base64");
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += kittyChunk) {
    const more = at + kittyChunk < text.length ? 1 : 0;
    const keys = at === 0 ? `a=T,f=100,q=2,m=${more}` : `m=${more}`;
    parts.push(`${esc}_G${keys};${text.slice(at, at + kittyChunk)}${esc}\\`);
  }
  return parts.join("");
}

/** Bytes of a picture file as an iTerm2 inline image. Source: iterm2.com, "Inline Images Protocol". */
export function iterm(file: Uint8Array): string {
  return `${esc}]1337;File=inline=1;size=${file.byteLength};preserveAspectRatio=1:${Buffer.from(file).toString("base64")}\u0007`;
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly data: Uint8Array;
}

/** Registers a Sixel terminal has for certain. */
const maxColors = 255;
/** Levels of red, green and blue where a picture has more colours than that. */
const levels = [6, 7, 6] as const;

/** Each pixel's colour register, -1 where it is transparent, and the registers' colours in percent. */
function indexed({ data }: Pixels): { at: Int16Array; colors: [number, number, number][] } {
  const numPixels = data.length / 4;
  const index = (reduce: boolean): { at: Int16Array; colors: [number, number, number][] } | undefined => {
    const at = new Int16Array(numPixels).fill(-1);
    const known = new Map<number, number>();
    const colors: [number, number, number][] = [];
    for (let i = 0; i < numPixels; i++) {
      if (data[4 * i + 3]! < 128) continue;
      const rgb = [0, 1, 2].map((channel) => {
        const value = data[4 * i + channel]!;
        const steps = levels[channel]! - 1;
        return reduce ? Math.round((Math.round((value / 255) * steps) / steps) * 255) : value;
      });
      const key = (rgb[0]! << 16) | (rgb[1]! << 8) | rgb[2]!;
      let register = known.get(key);
      if (register === undefined) {
        if (known.size === maxColors) return undefined;
        register = known.size;
        known.set(key, register);
        colors.push(rgb.map((value) => Math.round((value / 255) * 100)) as [number, number, number]);
      }
      at[i] = register;
    }
    return { at, colors };
  };
  return index(false) ?? index(true)!;
}

/** A picture as Sixel: bands of six rows, each colour of a band drawn in turn. Source: DEC VT330/340 manual, chapter 14. */
export function sixel(pixels: Pixels): string {
  const { width, height } = pixels;
  const { at, colors } = indexed(pixels);
  const parts = [`${esc}P0;1q"1;1;${width};${height}`];
  colors.forEach(([r, g, b], register) => {
    parts.push(`#${register};2;${r};${g};${b}`);
  });
  for (let top = 0; top < height; top += 6) {
    const rows = Math.min(6, height - top);
    const bits = new Map<number, Uint8Array>();
    for (let row = 0; row < rows; row++)
      for (let x = 0; x < width; x++) {
        const register = at[(top + row) * width + x]!;
        if (register < 0) continue;
        let line = bits.get(register);
        if (!line) bits.set(register, (line = new Uint8Array(width)));
        line[x]! |= 1 << row;
      }
    const lines = [...bits].map(([register, line]) => `#${register}${runs(line)}`);
    parts.push(`${lines.join("$")}-`);
  }
  parts.push(`${esc}\\`);
  return parts.join("");
}

/** Sixels of one colour, runs of four and more counted. */
function runs(line: Uint8Array): string {
  let text = "";
  for (let x = 0; x < line.length; ) {
    let end = x + 1;
    while (end < line.length && line[end] === line[x]) end++;
    const character = String.fromCharCode(63 + line[x]!);
    text += end - x > 3 ? `!${end - x}${character}` : character.repeat(end - x);
    x = end;
  }
  return text.replace(/(!\d+)?\?+$/, "");
}

/** What draws a PNG or JPEG file, at most `maxWidth` pixels wide. Errors: those of a file that is no picture. */
export async function drawImage(file: Uint8Array, protocol: ImageProtocol, maxWidth: number): Promise<string> {
  if (protocol === "none") return "";
  const { default: sharp } = await import("sharp");
  const picture = sharp(file).resize({ width: maxWidth, withoutEnlargement: true });
  if (protocol === "sixel") {
    const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    return sixel({ width: info.width, height: info.height, data });
  }
  const png = await picture.png().toBuffer();
  return protocol === "kitty" ? kitty(png) : iterm(png);
}
