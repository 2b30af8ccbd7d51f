/** Several images: frames of a video as a strip, and two versions of one picture with a slider between them. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { Image } from "../base/image.ts";
import { formatMs } from "../base/shapes.ts";
import { bundle, type DisplayOptions, defaultMaxBytes, frame, imageElement, type Picture } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { spread } from "./heat.ts";
import { renderImage } from "./picture.ts";
import { formatNumber, plural } from "./text.ts";

export interface Video {
  readonly kind?: "video";
  readonly frames: readonly Image[];
  readonly framesPerSecond?: number;
  readonly name?: string;
}

export interface BeforeAfter {
  readonly kind?: "before-after";
  readonly before: Image;
  readonly after: Image;
  readonly names?: readonly [string, string];
}

/** The bundle of a video: evenly spaced frames, the first and the last among them. */
export async function displayVideo(
  video: Video,
  options: DisplayOptions & { frames?: number } = {},
): Promise<MimeBundle> {
  const { frames, framesPerSecond } = video;
  const first = frames[0];
  const length = framesPerSecond
    ? ` · ${formatMs((frames.length / framesPerSecond) * 1000)} at ${formatNumber(framesPerSecond)} frames/s`
    : "";
  const summary = `video${video.name ? ` ${clip(video.name, 50)}` : ""} ${first ? `${first.width}×${first.height} · ` : ""}${plural(frames.length, "frame")}${length}`;
  const id = uniqueId();
  const usable = frames.flatMap((image, i) => (image.width > 0 && image.height > 0 ? [i] : []));
  if (usable.length === 0) return bundle({ text: summary, html: frame(id, html`<b>${summary}</b>`) }, options);
  const shown = spread(usable.length, Math.min(usable.length, Math.max(1, Math.min(64, options.frames ?? 8)))).map(
    (i) => usable[i]!,
  );
  const total = (options.maxBytes ?? defaultMaxBytes) - 7000;
  const share = total / 1.36 / (shown.length + 1);
  const pictures: Picture[] = [];
  for (const index of shown) pictures.push(await renderImage(frames[index]!, { maxSide: 220, maxBytes: share }));
  const when = (index: number) =>
    framesPerSecond ? `${index} · ${(index / framesPerSecond).toFixed(2)} s` : String(index);
  const cell = (k: number) =>
    html`<td style="text-align:center">${imageElement(pictures[k]!, `frame ${when(shown[k]!)}`, Math.min(pictures[k]!.width, 200))}<br>${when(shown[k]!)}</td>`;
  const rows: ReturnType<typeof html>[] = [];
  for (let start = 0; start < shown.length; start += 4)
    rows.push(html`<tr>${shown.slice(start, start + 4).map((_, k) => cell(start + k))}</tr>`);
  return bundle(
    {
      text: `${summary}\nframes shown: ${shown.map(when).join(", ")}`,
      html: frame(id, html`<div><b>${summary}</b></div>`, html`<table><tbody>${rows}</tbody></table>`),
      script: shown.length > 1 ? enhance(id, { slider: { width: 320 } }) : undefined,
      picture: pictures[0],
    },
    options,
  );
}

/** The bundle of two versions of a picture. */
export async function displayBeforeAfter(
  { before, after, names }: BeforeAfter,
  options: DisplayOptions = {},
): Promise<MimeBundle> {
  const [nameA, nameB] = (names ?? ["before", "after"]).map((name) => clip(name, 40)) as [string, string];
  const size = (image: Image) => `${image.width}×${image.height}`;
  const summary = `${nameA} ${size(before)} and ${nameB} ${size(after)}`;
  const id = uniqueId();
  if (before.width * before.height === 0 || after.width * after.height === 0)
    return bundle({ text: summary, html: frame(id, html`<b>${summary}: nothing to draw</b>`) }, options);
  const share = ((options.maxBytes ?? defaultMaxBytes) - 6000) / 1.36 / 3;
  const left = await renderImage(before, { maxSide: 480, maxBytes: share });
  const right = await renderImage(after, { maxSide: 480, maxBytes: share });
  // One size for both, or the slider would compare different places.
  const width = Math.max(left.width, right.width);
  return bundle(
    {
      text: summary,
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        html`<table><tbody><tr><td>${nameA}<br>${imageElement(left, nameA, width)}</td><td>${nameB}<br>${imageElement(right, nameB, width)}</td></tr></tbody></table>`,
      ),
      script: enhance(id, { beforeAfter: {} }),
      picture: right,
    },
    options,
  );
}

registerDisplay("video", displayVideo);
registerDisplay("before-after", displayBeforeAfter);
