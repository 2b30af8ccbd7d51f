/** What was found on a picture, drawn into its pixels. */
import { clip, escapeHtml } from "../../base/escape.ts";
import { type Annotations, Image, type Point } from "../../base/image.ts";

/** Told apart also by people who do not see all colours (Okabe, Ito 2008). */
const colors = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"];

/**
 * A picture with its annotations drawn: boxes, quadrilaterals, key points and edges, masks, ways and labels. Those of one
 * label have one colour. A picture without annotations comes back as it is.
 *
 * @example
 * await saveImage(await drawAnnotations(photo.annotate({ boxes })), "found.png");
 */
export async function drawAnnotations(image: Image): Promise<Image> {
  const { width, height, channels, data, annotations } = image;
  const shapes = width > 0 && height > 0 ? shapesOf(annotations, Math.max(width, height)) : [];
  const masked = annotations.masks?.length ? paintMasks(image) : data;
  if (shapes.length === 0 && masked === data) return image;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join("")}</svg>`;
  const { default: sharp } = await import("sharp");
  const { data: drawn, info } = await sharp(masked, { raw: { width, height, channels } })
    .toColourspace("srgb")
    .composite([{ input: Buffer.from(svg) }])
    .raw()
    .toBuffer({ resolveWithObject: true });
  return new Image(
    width,
    height,
    info.channels as 3 | 4,
    new Uint8Array(drawn.buffer, drawn.byteOffset, drawn.byteLength),
  );
}

/** SVG elements, what lies above later; sizes of strokes and letters follow the picture's longer side. */
function shapesOf(annotations: Annotations, side: number): string[] {
  const { boxes = [], quads = [], points = [], edges = [], tracks = [], labels = [] } = annotations;
  const known = new Map<string, string>();
  const colorOf = ({ label = "" }: { readonly label?: string }): string => {
    if (!known.has(label)) known.set(label, colors[known.size % colors.length]!);
    return known.get(label)!;
  };
  const stroke = Math.max(1, side / 400);
  const letter = Math.max(10, side / 45);
  const number = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : "0");
  const list = (way: readonly Point[]): string => way.map(([x, y]) => `${number(x)},${number(y)}`).join(" ");
  const line = (shape: string, color: string): string =>
    `<${shape} fill="none" stroke="${color}" stroke-width="${number(stroke)}" stroke-linejoin="round"/>`;
  const write = (x: number, y: number, text: string, color: string): string =>
    `<text x="${number(Math.max(0, x))}" y="${number(Math.max(letter, y))}" font-family="sans-serif" font-size="${number(letter)}" fill="${color}" stroke="#000" stroke-width="${number(letter / 6)}" paint-order="stroke">${escapeHtml(clip(text, 60))}</text>`;
  const named = ({ label, text, score }: { label?: string; text?: string; score?: number }): string =>
    [text ?? label, score === undefined ? undefined : score.toFixed(2)].filter((part) => part !== undefined).join(" ");
  return [
    ...tracks.map((track) => line(`polyline points="${list(track.points)}"`, colorOf(track))),
    ...boxes.flatMap((box) => [
      line(
        `rect x="${number(box.x)}" y="${number(box.y)}" width="${number(Math.max(0, box.width))}" height="${number(Math.max(0, box.height))}"`,
        colorOf(box),
      ),
      write(box.x, box.y - letter / 4, named(box), colorOf(box)),
    ]),
    ...quads.flatMap((quad) => [
      line(`polygon points="${list(quad.points)}"`, colorOf(quad)),
      write(quad.points[0][0], quad.points[0][1] - letter / 4, named(quad), colorOf(quad)),
    ]),
    ...edges.flatMap(([from, to]) => {
      const [a, b] = [points[from], points[to]];
      return a && b
        ? [
            line(
              `polyline points="${list([
                [a.x, a.y],
                [b.x, b.y],
              ])}"`,
              colorOf(a),
            ),
          ]
        : [];
    }),
    ...points.map(
      (point) =>
        `<circle cx="${number(point.x)}" cy="${number(point.y)}" r="${number(1.5 * stroke)}" fill="${colorOf(point)}"/>`,
    ),
    ...labels.map(({ x, y, text }) => write(x, y, text, colors[0]!)),
  ];
}

/** The pixels with each mask mixed in by half. */
function paintMasks({ width, height, channels, data, annotations }: Image): Uint8Array {
  const out = data.slice();
  for (const [i, mask] of (annotations.masks ?? []).entries()) {
    const color = Number.parseInt(colors[i % colors.length]!.slice(1), 16);
    const { x: left, y: top, width: across, height: down } = mask.box ?? { x: 0, y: 0, width, height };
    for (let y = Math.max(0, Math.ceil(top)); y < Math.min(height, top + down); y++)
      for (let x = Math.max(0, Math.ceil(left)); x < Math.min(width, left + across); x++) {
        const column = Math.min(mask.width - 1, Math.floor(((x - left) / across) * mask.width));
        const row = Math.min(mask.height - 1, Math.floor(((y - top) / down) * mask.height));
        if (!mask.data[row * mask.width + column]) continue;
        const at = (y * width + x) * channels;
        for (let c = 0; c < Math.min(3, channels); c++)
          out[at + c] = (out[at + c]! + (channels === 1 ? 255 : (color >> (16 - 8 * c)) & 255)) / 2;
      }
  }
  return out;
}
