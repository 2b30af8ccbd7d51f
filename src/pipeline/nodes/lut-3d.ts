/** Looks: tables of colours over the colour cube, and the .cube files they come in. */
import { InferlabError } from "../../base/errors.ts";
import { node } from "./node.ts";
import { densePixels, expectChannels, saturating, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";

export interface CubeLut {
  readonly kind: "cube";
  readonly title: string;
  /** Entries along each axis. */
  readonly size: number;
  /** size³ colours r, g, b, red fastest. */
  readonly colours: Float32Array;
  /** Colours the table's first and last entries stand for. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const broken = (what: string, line: number): InferlabError =>
  new InferlabError("ARGUMENT", `parseCube: line ${line}: ${what}`, {
    hint: "LUT_3D_SIZE N, then N³ lines of three numbers",
  });

export const parseCube = node(
  {
    name: "parseCube",
    group: "tone",
    about: "The table of a .cube file's text, for applyCube.",
    inputs: [{ name: "text", kind: "text" }],
    output: "object",
    parameters: {},
    example: "parseCube('LUT_3D_SIZE 2\\n0 0 0\\n1 0 0\\n0 1 0\\n1 1 0\\n0 0 1\\n1 0 1\\n0 1 1\\n1 1 1')",
    source: "Adobe, Cube LUT Specification 1.0 (2013)",
  },
  (text: string): CubeLut => {
    let [title, size] = ["", 0];
    let [low, high] = [
      [0, 0, 0],
      [1, 1, 1],
    ];
    const colours: number[] = [];
    const lines = text.split(/\r?\n/);
    for (const [index, raw] of lines.entries()) {
      const line = raw.trim();
      if (line === "" || line.startsWith("#")) continue;
      const [word = "", ...rest] = line.split(/\s+/);
      const numbers = rest.map(Number);
      const three = (): number[] => {
        if (numbers.length !== 3 || !numbers.every(Number.isFinite))
          throw broken(`${word} has no three numbers`, index + 1);
        return numbers;
      };
      if (word === "TITLE") title = line.slice(5).trim().replace(/^"|"$/g, "");
      else if (word === "LUT_3D_SIZE") {
        size = numbers[0] ?? 0;
        if (!Number.isInteger(size) || size < 2 || size > 256)
          throw broken(`size is ${rest[0]}, expected 2 to 256`, index + 1);
      } else if (word === "LUT_1D_SIZE") throw broken("a 1-D table; applyLut takes those", index + 1);
      else if (word === "DOMAIN_MIN") low = three();
      else if (word === "DOMAIN_MAX") high = three();
      else if (/^[-+.\d]/.test(word)) {
        const colour = [Number(word), ...numbers];
        if (colour.length !== 3 || !colour.every(Number.isFinite))
          throw broken(`${JSON.stringify(line.slice(0, 40))} is no colour`, index + 1);
        colours.push(...colour);
      } else throw broken(`keyword ${JSON.stringify(word.slice(0, 40))} is unknown`, index + 1);
    }
    if (size === 0) throw broken("LUT_3D_SIZE is missing", lines.length);
    if (colours.length !== size ** 3 * 3)
      throw broken(`${colours.length / 3} colours, expected ${size ** 3}`, lines.length);
    if (low.some((l, c) => !(l < high[c]!))) throw broken("DOMAIN_MIN is not below DOMAIN_MAX", lines.length);
    return { kind: "cube", title, size, colours: Float32Array.from(colours), low, high };
  },
);

export const applyCube = pictureNode<{ readonly method?: "tetrahedral" | "trilinear" }, [table: CubeLut]>(
  {
    name: "applyCube",
    group: "tone",
    about: "The picture's colours through a table over the colour cube; alpha stays.",
    others: [{ name: "table", kind: "object" }],
    parameters: {
      method: {
        type: "text",
        choices: ["tetrahedral", "trilinear"],
        default: "tetrahedral",
        about: "how colours between entries are made",
      },
    },
    example:
      "applyCube(photo, parseCube('LUT_3D_SIZE 2\\n1 1 1\\n0 1 1\\n1 0 1\\n0 0 1\\n1 1 0\\n0 1 0\\n1 0 0\\n0 0 0'))",
    source: "Kasson et al., Performing color space conversions with three-dimensional linear interpolation (1995)",
  },
  (image, table, { method = "tetrahedral", into }) => {
    if (table.kind !== "cube")
      throw new InferlabError("ARGUMENT", "applyCube: the table is no cube, expected what parseCube returns");
    const source = densePixels(image);
    expectChannels("applyCube", source, [3, 4]);
    const { data, width, height, channels } = source;
    const { size, colours, low, high } = table;
    const full = data instanceof Float32Array ? 1 : 255;
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    const out = saturating(pixels.data);
    const steps = [3, 3 * size, 3 * size * size];
    const base = [0, 0, 0];
    const part = [0, 0, 0];
    for (let i = 0; i < data.length; i += channels) {
      let corner = 0;
      for (let c = 0; c < 3; c++) {
        const v = (data[i + c]! / full - low[c]!) / (high[c]! - low[c]!);
        const at = Math.min(1, Math.max(0, v)) * (size - 1);
        base[c] = Math.min(size - 2, Math.floor(at));
        part[c] = at - base[c]!;
        corner += base[c]! * steps[c]!;
      }
      if (method === "tetrahedral") {
        // From the near to the far corner along the axes, the largest part first.
        const order = [0, 1, 2].sort((a, b) => part[b]! - part[a]!);
        let [at, before] = [corner, 1];
        const sums = [0, 0, 0];
        for (let k = 0; k <= 3; k++) {
          const weight = before - (k < 3 ? part[order[k]!]! : 0);
          for (let c = 0; c < 3; c++) sums[c]! += weight * colours[at + c]!;
          if (k < 3) {
            before = part[order[k]!]!;
            at += steps[order[k]!]!;
          }
        }
        for (let c = 0; c < 3; c++) out[i + c] = sums[c]! * full;
      } else
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let k = 0; k < 8; k++) {
            let [weight, at] = [1, corner + c];
            for (let axis = 0; axis < 3; axis++) {
              const far = (k >> axis) & 1;
              weight *= far ? part[axis]! : 1 - part[axis]!;
              at += far * steps[axis]!;
            }
            sum += weight * colours[at]!;
          }
          out[i + c] = sum * full;
        }
      if (channels === 4) out[i + 3] = data[i + 3]!;
    }
    return picture;
  },
);
