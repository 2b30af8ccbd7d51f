import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import "../../src/display/index.ts";
import { displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { liveTarget, thumbnailOf } from "../../src/pipeline/flow/live.ts";
import { pipeline } from "../../src/pipeline/flow/pipeline.ts";
import { port } from "../../src/pipeline/flow/port.ts";
import { library } from "../../src/pipeline/nodes/library.ts";

const photo = new Image(
  80,
  40,
  3,
  Uint8Array.from({ length: 80 * 40 * 3 }, (_, i) => i % 256),
);
const build = () =>
  pipeline("live <b>", { image: port<Image>("image") }, (p, { image }) => {
    const small = p.stage("shrink", library.resize, [image], { parameters: { width: 20 } });
    const slow = p.stage(
      "device",
      async (i) => {
        await sleep(3);
        return i;
      },
      [small],
    );
    return { tensor: p.stage("tensor", library.toTensor, [slow]) };
  });
const frames = Array.from({ length: 200 }, () => ({ image: photo }));

describe("a stream with live", () => {
  test("in a notebook is one display that is updated: stages, queues, times, thumbnails", async () => {
    type Shown = { [displaySymbol](): Promise<MimeBundle> };
    const shown: Promise<MimeBundle>[] = [];
    let handles = 0;
    const draw = (value: unknown): void => void shown.push((value as Shown)[displaySymbol]());
    const show = (value: unknown) => {
      handles++;
      draw(value);
      return { update: draw };
    };
    for await (const _ of build().stream(frames, { live: { show } }));
    const bundles = await Promise.all(shown);
    expect(handles).toBe(1);
    expect(bundles.length).toBeGreaterThan(1);
    expect(bundles.length, "not every frame is drawn").toBeLessThan(50);
    const last = bundles.at(-1)!;
    expect(last["text/plain"]).toMatch(/^live <b>, pipeline: 200 frames in, 200 out/);
    const html = String(last["text/html"]);
    expect(html).toContain("live &lt;b&gt;");
    expect(html).toContain("what shrink gave");
    expect(html).toContain("what tensor gave");
    expect(String(bundles[0]!["text/html"])).toMatch(/queue|running/);
  });

  test("in a terminal writes over its own lines", async () => {
    const written: string[] = [];
    for await (const _ of build().stream(frames.slice(0, 150), { live: { write: (text) => written.push(text) } }));
    expect(written.length).toBeGreaterThan(1);
    const lines = written[0]!.trimEnd().split("\n").length;
    expect(written[0]).not.toContain("\u001b");
    expect(written[1]!.startsWith(`\u001b[${lines}F\u001b[J`)).toBe(true);
    expect(written.at(-1)).toContain("150 out");
    expect(written.at(-1)!.endsWith("\n")).toBe(true);
  });

  test("finds a notebook's display, and is silent where nobody looks", () => {
    const { isTTY } = process.stderr;
    try {
      process.stderr.isTTY = false;
      expect(liveTarget()).toBeUndefined();
      process.stderr.isTTY = true;
      expect(liveTarget()).toHaveProperty("write");
      Object.assign(globalThis, { display: () => ({ update: () => undefined }), kernel: {} });
      expect(liveTarget()).toHaveProperty("show");
    } finally {
      process.stderr.isTTY = isTTY;
      Object.assign(globalThis, { display: undefined, kernel: undefined });
    }
  });
});

test("thumbnails: pictures, tensors, the first of a list; nothing of anything else", async () => {
  const grey = new Image(300, 100, 1, new Uint8Array(30_000).fill(9));
  const one = (await thumbnailOf([grey]))!;
  expect([one.width, one.height]).toEqual([64, 21]);
  const { data, info } = await sharp(one.bytes).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, data[0]]).toEqual([64, 21, 9]);
  const ramp = new Tensor(
    "float32",
    [1, 2, 3, 2],
    Float32Array.from({ length: 12 }, (_, i) => i - 6),
  );
  const picture = await sharp((await thumbnailOf(ramp))!.bytes)
    .extractChannel(0)
    .raw()
    .toBuffer();
  expect([...picture]).toEqual([0, 51, 102, 153, 204, 255]);
  expect(await thumbnailOf(new Tensor("int64", [2, 2], BigInt64Array.of(1n, 2n, 3n, 4n)))).toMatchObject({ width: 2 });
  for (const value of [
    3,
    "x",
    null,
    undefined,
    [],
    {},
    new Tensor("float32", [3], new Float32Array(3)),
    new Image(0, 0, 1, new Uint8Array()),
  ])
    expect(await thumbnailOf(value)).toBeUndefined();
});
