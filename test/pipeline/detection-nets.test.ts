/** The decoders on trained nets and photographs whose contents are known. */
import { describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { decodeImage } from "../../src/pipeline/media/decode.ts";
import { type Box, overlap } from "../../src/pipeline/nodes/boxes.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import type { ToTensorOptions } from "../../src/pipeline/nodes/to-tensor.ts";
import { missing, shared } from "../support/shared.ts";

/** COCO's classes 0, 1, 2, 7, 16 and 17 of 80 are what these photographs show. */
const coco: Record<string, string> = { 0: "person", 1: "bicycle", 2: "car", 7: "truck", 16: "dog", 17: "horse" };
/** Where things are in dog.jpg (768 × 576) and in astronaut.png (512 × 512), read off the pictures by hand. */
const dogPicture: Record<string, Box> = {
  dog: { x: 130, y: 220, width: 182, height: 322 },
  bicycle: { x: 120, y: 120, width: 450, height: 310 },
  vehicle: { x: 465, y: 75, width: 228, height: 97 },
};
const face: Box = { x: 175, y: 65, width: 100, height: 120 };

interface Setup {
  readonly model: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly input?: ToTensorOptions;
}

/** Runs a net on a picture stretched to its input; boxes come back in the picture's pixels. */
async function detect(
  { model, width, height, input = {} }: Setup,
  picture: readonly string[],
  decode: (outputs: Record<string, Tensor>) => readonly Box[],
): Promise<Box[]> {
  const session = await (await Model.load(shared(...model)!)).compile({ engine: "ort" });
  const image = await decodeImage(shared("media", ...picture)!);
  const tensor = n.toTensor(n.resize(image, { width, height }), input);
  const outputs = await session.run({ [session.inputs[0]!.name]: tensor });
  const boxes = n.nms(decode(outputs), { threshold: 0.5 });
  return n.scaleBoxes(boxes, { x: image.width / width, y: image.height / height });
}

/** The dog, the bicycle and the vehicle behind them are found where they are, and nothing of another kind surely. */
function expectDogPicture(found: readonly Box[], least = 0.55): void {
  const named = found.map((box) => {
    const label = coco[box.label!] ?? box.label!;
    return { ...box, label: label === "car" || label === "truck" ? "vehicle" : label };
  });
  for (const [label, place] of Object.entries(dogPicture)) {
    const best = Math.max(0, ...named.filter((box) => box.label === label).map((box) => overlap(box, place)));
    expect(best, `${label} among ${named.map((b) => `${b.label} ${b.score!.toFixed(2)}`).join(", ")}`).toBeGreaterThan(
      least,
    );
  }
  for (const box of named.filter((b) => b.score! > 0.6)) expect(Object.keys(dogPicture)).toContain(box.label);
}

const dog = ["objects", "dog.jpg"];
const astronaut = ["people", "astronaut.png"];
const bgr = { order: "bgr", scale: 1 } as const;

describe("trained nets", () => {
  const yolox = ["models", "yolox_nano.onnx"];
  test.skipIf(missing(...yolox))("yolox_nano", async () => {
    const setup = { model: yolox, width: 416, height: 416, input: bgr };
    expectDogPicture(await detect(setup, dog, (o) => n.decodeYolox(Object.values(o)[0]!)));
  });

  const nanodet = ["models", "nanodet_m_320.onnx"];
  test.skipIf(missing(...nanodet))("nanodet_m_320", async () => {
    const input = { ...bgr, mean: [103.53, 116.28, 123.675], std: [57.375, 57.12, 58.395] };
    const heads = (o: Record<string, Tensor>, name: string) => [8, 16, 32].map((s) => o[`${name}_stride_${s}`]!);
    const setup = { model: nanodet, width: 320, height: 320, input };
    expectDogPicture(
      await detect(setup, dog, (o) => n.decodeNanodet(heads(o, "cls_pred"), heads(o, "dis_pred"), { minScore: 0.3 })),
    );
  });

  const fastestdet = ["models", "fastestdet.onnx"];
  test.skipIf(missing(...fastestdet))("fastestdet", async () => {
    const setup = { model: fastestdet, width: 352, height: 352, input: { order: "bgr" } as const };
    expectDogPicture(await detect(setup, dog, (o) => n.decodeFastestdet(Object.values(o)[0]!)));
  });

  const centernet = ["models-converted", "centernet.onnx"];
  test.skipIf(missing(...centernet))("centernet: its heads decoded here are the rows it decodes itself", async () => {
    const setup = { model: centernet, width: 512, height: 512, input: { scale: 1, layout: "nhwc" } as const };
    let heads: Box[] = [];
    let rows: Box[] = [];
    const found = await detect(setup, dog, (o) => {
      const options = { layout: "nhwc", minScore: 0.3, unit: "pixels" } as const;
      heads = n.decodeCenternet(o["tower_0/keypoints"]!, o["tower_0/wh"]!, options);
      rows = n.decodeDetectionRows(o["tower_0/detections"]!, { minScore: 0.3 });
      return rows;
    });
    expectDogPicture(found);
    expect(heads.length).toBe(rows.length);
    const byScore = [...rows].sort((a, b) => b.score! - a.score!);
    heads.forEach((box, i) => {
      expect(box.label).toBe(byScore[i]!.label);
      expect(box.score).toBeCloseTo(byScore[i]!.score!, 4);
      expect(overlap(box, byScore[i]!)).toBeGreaterThan(0.99);
    });
  });

  const expectFace = (found: readonly Box[]): void => {
    expect(found).toHaveLength(1);
    expect(found[0]!.score).toBeGreaterThan(0.7);
    expect(overlap(found[0]!, face)).toBeGreaterThan(0.5);
  };
  /** Eyes above the nose above the mouth, all in the face. */
  const expectPoints = (found: readonly Box[], eyes: readonly [number, number], nose: number, mouth: number): void => {
    const { points } = found[0] as Box & { points: readonly (readonly [number, number])[] };
    for (const eye of eyes) expect(points[eye]![1]).toBeLessThan(points[nose]![1]);
    expect(points[mouth]![1]).toBeGreaterThan(points[nose]![1]);
    expect(Math.abs(points[nose]![0] - (face.x + face.width / 2))).toBeLessThan(30);
    expect(Math.abs(points[nose]![1] - (face.y + face.height / 2))).toBeLessThan(30);
  };

  const yunet = ["models", "yunet_n_320.onnx"];
  test.skipIf(missing(...yunet))("yunet_n_320", async () => {
    const heads = (o: Record<string, Tensor>, name: string) => [8, 16, 32].map((s) => o[`${name}_${s}`]!);
    const found = await detect({ model: yunet, width: 320, height: 320, input: bgr }, astronaut, (o) =>
      n.decodeYunet(heads(o, "cls"), heads(o, "obj"), heads(o, "bbox"), heads(o, "kps")),
    );
    expectFace(found);
    expectPoints(found, [0, 1], 2, 3);
  });

  const ultraface = ["models", "ultraface-rfb-320.onnx"];
  test.skipIf(missing(...ultraface))("ultraface-rfb-320", async () => {
    const input = { scale: 1, mean: [127], std: [128] };
    const options = { width: 320, height: 240, firstClass: 1, minScore: 0.7 };
    const found = await detect({ model: ultraface, width: 320, height: 240, input }, astronaut, (o) =>
      n.decodeScoredBoxes(o["boxes"]!, o["scores"]!, options),
    );
    expectFace(found);
  });

  const short = ["models-converted", "face_detection_short_range.onnx"];
  const full = ["models-converted", "face_detection_full_range.onnx"];
  for (const [model, size, strides, anchorsPerCell] of [
    [short, 128, [8, 16, 16, 16], 2],
    [full, 192, [4], 1],
  ] as const)
    test.skipIf(missing(...model))(model[1]!, async () => {
      const input = { scale: 1 / 127.5, mean: [1], layout: "nhwc" } as const;
      const found = await detect({ model, width: size, height: size, input }, astronaut, (o) => {
        const [boxes, scores] = Object.values(o).sort((a, b) => b.size - a.size);
        return n.decodeBlazeFace(scores!, boxes!, { size, strides, anchorsPerCell });
      });
      expectFace(found);
      expectPoints(found, [0, 1], 2, 3);
    });
});
