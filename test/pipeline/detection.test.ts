/** Decoders against boxes whose encoding is known: random boxes are written as the net would, and must come back. */
import { describe, expect, test } from "vitest";
import { encodeNumber } from "../../src/base/numbers.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { Box } from "../../src/pipeline/nodes/boxes.ts";
import { library as n } from "../../src/pipeline/nodes/library.ts";
import { random } from "./random.ts";

const rng = random(77);
const argument = expect.objectContaining({ code: "ARGUMENT" });
const rows = (shape: readonly number[], values: ArrayLike<number>): Tensor<"float32"> =>
  new Tensor("float32", shape, Float32Array.from(values));
const logit = (p: number): number => Math.log(p / (1 - p));
const zeros = (length: number): number[] => new Array<number>(length).fill(0);

interface Written {
  readonly cx: number;
  readonly cy: number;
  readonly width: number;
  readonly height: number;
  readonly score: number;
  readonly label: string;
}

function expectBoxes(found: readonly Box[], written: readonly Written[], digits = 2): void {
  const key = (label: string | undefined, score: number | undefined) => `${label} ${score!.toFixed(4)}`;
  const sorted = [...found].sort((a, b) => key(a.label, a.score).localeCompare(key(b.label, b.score)));
  const expected = [...written].sort((a, b) => key(a.label, a.score).localeCompare(key(b.label, b.score)));
  expect(sorted.map((b) => b.label)).toEqual(expected.map((b) => b.label));
  sorted.forEach((box, i) => {
    const e = expected[i]!;
    expect(box.score).toBeCloseTo(e.score, 4);
    expect(box.x).toBeCloseTo(e.cx - e.width / 2, digits);
    expect(box.y).toBeCloseTo(e.cy - e.height / 2, digits);
    expect(box.width).toBeCloseTo(e.width, digits);
    expect(box.height).toBeCloseTo(e.height, digits);
  });
}

/** Cells of grids of these strides over width × height: stride, column, row, in the order of the heads. */
const gridCells = (width: number, height: number, strides: readonly number[]) =>
  strides.flatMap((stride) => {
    const [columns, count] = [Math.ceil(width / stride), Math.ceil(width / stride) * Math.ceil(height / stride)];
    return Array.from({ length: count }, (_, i) => ({ stride, column: i % columns, row: Math.floor(i / columns) }));
  });

/** Some of the cells, each with a box near it. */
function place(cells: readonly { stride: number; column: number; row: number }[], numClasses: number) {
  return cells.map((cell) => {
    if (rng.real(0, 1) > 0.2) return { cell, box: undefined };
    const { stride, column, row } = cell;
    const box: Written = {
      cx: (column + rng.real(0.1, 0.9)) * stride,
      cy: (row + rng.real(0.1, 0.9)) * stride,
      width: rng.real(4, 90),
      height: rng.real(4, 90),
      score: rng.real(0.4, 0.99),
      label: String(rng.integer(0, numClasses - 1)),
    };
    return { cell, box };
  });
}
const written = (placed: readonly { box: Written | undefined }[]): Written[] =>
  placed.flatMap(({ box }) => (box ? [box] : []));

describe("detectors' decoders give back what was encoded", () => {
  test("decodeYoloV5, with masks and as float16", () => {
    for (let i = 0; i < 200; i++) {
      const [classes, masks] = [rng.integer(1, 5), rng.integer(0, 3)];
      const placed = place(gridCells(64, 48, [16]), classes);
      const values = placed.flatMap(({ box }) => {
        const scores = Array.from({ length: classes }, (_, k) => (String(k) === box?.label ? 0.999 : rng.real(0, 0.3)));
        const tail = Array.from({ length: masks }, (_, k) => k + 1);
        return box
          ? [box.cx, box.cy, box.width, box.height, box.score / 0.999, ...scores, ...tail]
          : [1, 1, 5, 5, rng.real(0, 0.2), ...scores, ...tail];
      });
      const tensor = rows([1, placed.length, 5 + classes + masks], values);
      const found = n.decodeYoloV5(tensor, { minScore: 0.3, numMasks: masks });
      expectBoxes(found, written(placed));
      if (masks > 0)
        for (const box of found) expect([...box.coefficients!]).toEqual(Array.from({ length: masks }, (_, k) => k + 1));
      const half = new Tensor(
        "float16",
        tensor.shape,
        Uint16Array.from(values, (v) => Number(encodeNumber("float16", v))),
      );
      expect(n.decodeYoloV5(half, { minScore: 0.3, numMasks: masks })).toHaveLength(found.length);
    }
  });

  test("decodeYoloV5Heads", () => {
    const anchors = [10, 13, 33, 23, 60, 40, 116, 90];
    for (let i = 0; i < 200; i++) {
      const classes = rng.integer(1, 4);
      const all: Written[] = [];
      const heads = [8, 16].map((stride, h) => {
        const [columns, rowsOf] = [rng.integer(1, 6), rng.integer(1, 6)];
        const values: number[] = [];
        for (let a = 0; a < 2; a++)
          for (const { column, row } of gridCells(columns * stride, rowsOf * stride, [stride])) {
            const [aw, ah] = [anchors[4 * h + 2 * a]!, anchors[4 * h + 2 * a + 1]!];
            if (rng.real(0, 1) > 0.2) {
              values.push(0, 0, 0, 0, -6, ...zeros(classes));
              continue;
            }
            const score = rng.real(0.4, 0.95);
            const label = rng.integer(0, classes - 1);
            const [sx, sy, sw, sh] = [0, 1, 2, 3].map(() => rng.real(0.1, 0.9)) as [number, number, number, number];
            all.push({
              cx: (2 * sx - 0.5 + column) * stride,
              cy: (2 * sy - 0.5 + row) * stride,
              width: (2 * sw) ** 2 * aw,
              height: (2 * sh) ** 2 * ah,
              score: score * 0.99,
              label: String(label),
            });
            const scores = Array.from({ length: classes }, (_, k) => (k === label ? logit(0.99) : -3));
            values.push(logit(sx), logit(sy), logit(sw), logit(sh), logit(score), ...scores);
          }
        return rows([1, 2, rowsOf, columns, 5 + classes], values);
      });
      expectBoxes(n.decodeYoloV5Heads(heads, { strides: [8, 16], anchors, minScore: 0.3 }), all);
    }
    expect(() => n.decodeYoloV5Heads([rows([1, 1, 1, 1, 6], zeros(6))], { strides: [8, 16] })).toThrow(argument);
  });

  test("decodeYoloV8, with key points or masks", () => {
    for (let i = 0; i < 200; i++) {
      const [classes, numPoints] = [rng.integer(1, 5), rng.integer(0, 3)];
      const placed = place(gridCells(64, 48, [16]), classes);
      const columns = placed.map(({ box }) => [
        ...(box ? [box.cx, box.cy, box.width, box.height] : [0, 0, 1, 1]),
        ...Array.from({ length: classes }, (_, k) => (String(k) === box?.label ? box.score : rng.real(0, 0.3))),
        ...Array.from({ length: numPoints }, (_, k) => [k, 2 * k, 0.5]).flat(),
      ]);
      const length = 4 + classes + 3 * numPoints;
      const values = Array.from({ length }, (_, r) => columns.map((c) => c[r]!)).flat();
      const found = n.decodeYoloV8(rows([1, length, placed.length], values), { minScore: 0.35, numPoints });
      expectBoxes(found, written(placed));
      if (numPoints > 1 && found[0]) {
        expect(found[0].points![1]).toEqual([1, 2]);
        expect(found[0].pointScores).toEqual(new Array(numPoints).fill(0.5));
      }
    }
    expect(() => n.decodeYoloV8(rows([1, 4, 3], zeros(12)))).toThrow(/4 rows, expected at least 5/);
  });

  test("decodeYolox", () => {
    for (let i = 0; i < 200; i++) {
      const [width, height, classes] = [rng.integer(20, 90), rng.integer(20, 90), rng.integer(1, 4)];
      const placed = place(gridCells(width, height, [8, 16, 32]), classes);
      const values = placed.flatMap(({ cell: { stride, column, row }, box }) => [
        ...(box
          ? [
              box.cx / stride - column,
              box.cy / stride - row,
              Math.log(box.width / stride),
              Math.log(box.height / stride),
              box.score / 0.99,
            ]
          : [0, 0, 0, 0, 0.1]),
        ...Array.from({ length: classes }, (_, k) => (String(k) === box?.label ? 0.99 : 0.2)),
      ]);
      const tensor = rows([1, placed.length, 5 + classes], values);
      expectBoxes(n.decodeYolox(tensor, { width, height, minScore: 0.35 }), written(placed));
    }
    expect(() => n.decodeYolox(rows([1, 4, 7], zeros(28)))).toThrow(/4 rows, expected 3549/);
  });

  test("decodeNanodet, one tensor or one a stride, scores or logits", () => {
    for (let i = 0; i < 200; i++) {
      const [width, height, classes] = [rng.integer(20, 90), rng.integer(20, 90), rng.integer(1, 4)];
      const strides = [8, 16];
      const logits = rng.pick([true, false]);
      const all: Written[] = [];
      const heads = strides.map((stride) => {
        const [scores, sides]: [number[], number[]] = [[], []];
        for (const { column, row } of gridCells(width, height, [stride])) {
          const hit = rng.real(0, 1) < 0.2;
          const label = rng.integer(0, classes - 1);
          const score = rng.real(0.5, 0.95);
          for (let k = 0; k < classes; k++) {
            const p = hit && k === label ? score : 0.1;
            scores.push(logits ? logit(p) : p);
          }
          // Two bins share the weight: their mean is the distance.
          const distances = [0, 1, 2, 3].map(() => rng.real(0.2, 5.8));
          for (const d of distances)
            for (let bin = 0; bin < 8; bin++) {
              const weight = Math.max(0, 1 - Math.abs(bin - d));
              sides.push(weight > 0 ? Math.log(weight) : -200);
            }
          const [left, top, right, bottom] = distances.map((d) => d * stride) as [number, number, number, number];
          if (hit)
            all.push({
              cx: (column + 0.5) * stride + (right - left) / 2,
              cy: (row + 0.5) * stride + (bottom - top) / 2,
              width: left + right,
              height: top + bottom,
              score,
              label: String(label),
            });
        }
        return { scores, sides };
      });
      const tensors = heads.map(({ scores, sides }) => [
        rows([1, scores.length / classes, classes], scores),
        rows([1, sides.length / 32, 32], sides),
      ]);
      const options = { width, height, strides, logits, minScore: 0.4 };
      const [scores, sides] = [tensors.map((t) => t[0]!), tensors.map((t) => t[1]!)];
      expectBoxes(n.decodeNanodet(scores, sides, options), all);
      const joined = (list: readonly Tensor[], columns: number) => {
        const values = list.flatMap((t) => [...(t.data as Float32Array)]);
        return rows([1, values.length / columns, columns], values);
      };
      expectBoxes(n.decodeNanodet(joined(scores, classes), joined(sides, 32), options), all);
    }
  });

  test("decodeCenternet: peaks only, two or four sides, offsets, both layouts", () => {
    for (let i = 0; i < 200; i++) {
      const [w, h, classes] = [rng.integer(1, 12), rng.integer(1, 12), rng.integer(1, 3)];
      const four = rng.pick([true, false]);
      const layout = rng.pick(["nchw", "nhwc"] as const);
      const heat = zeros(classes * w * h);
      const sizes = zeros((four ? 4 : 2) * w * h);
      const offsets = Array.from({ length: 2 * w * h }, () => rng.real(0, 1));
      const all: Written[] = [];
      // Peaks three cells apart, each with a weaker neighbour that must not count.
      for (let y = 0; y < h; y += 3)
        for (let x = 0; x < w; x += 3) {
          const [cell, k, score] = [y * w + x, rng.integer(0, classes - 1), rng.real(0.4, 0.9)];
          heat[k * w * h + cell] = score;
          if (x + 1 < w) heat[k * w * h + cell + 1] = score * 0.9;
          const sides = (four ? [0, 1, 2, 3] : [0, 1]).map(() => rng.real(1, 9));
          sides.forEach((v, c) => {
            sizes[c * w * h + cell] = v;
          });
          const [ox, oy] = [offsets[cell]!, offsets[w * h + cell]!];
          const [left, top, right, bottom] = four
            ? sides
            : [sides[0]! / 2, sides[1]! / 2, sides[0]! / 2, sides[1]! / 2];
          all.push({
            cx: (x + ox + (right! - left!) / 2) * 4,
            cy: (y + oy + (bottom! - top!) / 2) * 4,
            width: (left! + right!) * 4,
            height: (top! + bottom!) * 4,
            score,
            label: String(k),
          });
        }
      const map = (values: readonly number[], channels: number) =>
        layout === "nchw"
          ? rows([1, channels, h, w], values)
          : rows(
              [1, h, w, channels],
              Array.from(
                { length: values.length },
                (_, j) => values[(j % channels) * w * h + Math.floor(j / channels)]!,
              ),
            );
      const options = { layout, offsets: map(offsets, 2) };
      expectBoxes(n.decodeCenternet(map(heat, classes), map(sizes, four ? 4 : 2), options), all);
    }
  });

  test("decodeYunet and decodeFastestdet", () => {
    for (let i = 0; i < 200; i++) {
      const [width, height] = [rng.integer(20, 90), rng.integer(20, 90)];
      const strides = [8, 16];
      const placed = place(gridCells(width, height, strides), 1);
      const marks = [0.2, 0.3, 0.7, 0.3, 0.5, 0.5, 0.3, 0.8, 0.7, 0.8];
      const head = (columns: number, value: (p: (typeof placed)[number]) => readonly number[]) =>
        strides.map((stride) => {
          const own = placed.filter(({ cell }) => cell.stride === stride);
          return rows([1, own.length, columns], own.flatMap(value));
        });
      const faces = n.decodeYunet(
        head(1, ({ box }) => [box ? box.score : 0.01]),
        head(1, ({ box }) => [box ? box.score : 0.01]),
        head(4, ({ cell: { stride, column, row }, box }) =>
          box
            ? [
                box.cx / stride - column,
                box.cy / stride - row,
                Math.log(box.width / stride),
                Math.log(box.height / stride),
              ]
            : [0, 0, 0, 0],
        ),
        head(10, () => marks),
        { width, height, strides, minScore: 0.35 },
      );
      expectBoxes(
        faces,
        written(placed).map((box) => ({ ...box, label: "face" })),
      );
      const first = placed.findIndex(({ box }) => box);
      if (first >= 0) {
        const { stride, column, row } = placed[first]!.cell;
        expect(faces[0]!.points[2]![0]).toBeCloseTo((column + 0.5) * stride, 4);
        expect(faces[0]!.points[4]![1]).toBeCloseTo((row + 0.8) * stride, 4);
      }
      const [columns, rowCount, classes] = [rng.integer(6, 9), rng.integer(6, 9), rng.integer(1, 4)];
      const stride = 16;
      const one = place(gridCells(columns * stride, rowCount * stride, [stride]), classes);
      const channels = [
        one.map(({ box }) => (box ? box.score : 0)),
        one.map(({ cell, box }) => (box ? Math.atanh(box.cx / stride - cell.column) : 0)),
        one.map(({ cell, box }) => (box ? Math.atanh(box.cy / stride - cell.row) : 0)),
        one.map(({ box }) => (box ? logit(box.width / (columns * stride)) : 0)),
        one.map(({ box }) => (box ? logit(box.height / (rowCount * stride)) : 0)),
        ...Array.from({ length: classes }, (_, k) =>
          one.map(({ box }) => (box?.label === String(k) ? box.score : 0.01)),
        ),
      ];
      const map = rows([1, 5 + classes, rowCount, columns], channels.flat());
      const size = { width: columns * stride, height: rowCount * stride };
      expectBoxes(n.decodeFastestdet(map, { ...size, minScore: 0.35 }), written(one));
    }
  });

  test("decodeBlazeFace: anchors of all three MediaPipe nets, outputs whole or in two parts", () => {
    for (const [size, strides, perCell, count] of [
      [128, [8, 16, 16, 16], 2, 896],
      [256, [16, 32, 32, 32], 2, 896],
      [192, [4], 1, 2304],
    ] as const) {
      const logits = Array.from({ length: count }, () => -9);
      const boxes = zeros(count * 16);
      // By hand: the anchors of the first grid come cell after cell, those of a cell one after the other.
      const anchor = 7;
      const grid = size / strides[0];
      const cell = Math.floor(anchor / perCell);
      const [ax, ay] = [(((cell % grid) + 0.5) / grid) * size, ((Math.floor(cell / grid) + 0.5) / grid) * size];
      logits[anchor] = 2;
      boxes.splice(anchor * 16, 6, 3, -2, 20, 30, 5, 6);
      const options = { size, strides, anchorsPerCell: perCell };
      const [face] = n.decodeBlazeFace(rows([1, count, 1], logits), rows([1, count, 16], boxes), options);
      expectBoxes(
        [face!],
        [{ cx: ax + 3, cy: ay - 2, width: 20, height: 30, score: 1 / (1 + Math.exp(-2)), label: "face" }],
      );
      expect(face!.points).toHaveLength(6);
      expect(face!.points[0]![0]).toBeCloseTo(ax + 5, 4);
      const cut = count >> 1;
      const parts = n.decodeBlazeFace(
        [rows([1, cut, 1], logits.slice(0, cut)), rows([1, count - cut, 1], logits.slice(cut))],
        [rows([1, cut, 16], boxes.slice(0, cut * 16)), rows([1, count - cut, 16], boxes.slice(cut * 16))],
        options,
      );
      expect(parts).toEqual([face]);
    }
    expect(() => n.decodeBlazeFace(rows([1, 4, 1], zeros(4)), rows([1, 4, 16], zeros(64)))).toThrow(/expected 896/);
  });

  test("decodeSsd and decodeRetinaface: shifts of anchors, the background left out", () => {
    const anchors = n.ssdAnchors({ grids: [3, 2] });
    expect(anchors.shape).toEqual([(9 + 4) * 4, 4]);
    const a = anchors.data;
    // First cell of the first map: the scale is 0.2; shapes 1, 2, 1/2, then the one between.
    expect([...a.subarray(0, 4)].map((v) => v.toFixed(4))).toEqual(["0.1667", "0.1667", "0.2000", "0.2000"]);
    expect(a[6]! / a[7]!).toBeCloseTo(2, 5);
    expect(a[14]).toBeCloseTo(Math.sqrt(0.2 * 0.95), 5);
    for (let i = 0; i < 200; i++) {
      const count = anchors.shape[0]!;
      const [background, classes] = rng.pick([
        [0, 4],
        [3, 4],
        [-1, 3],
      ] as const);
      const all: Written[] = [];
      const shifts: number[] = [];
      const scores: number[] = [];
      for (let k = 0; k < count; k++) {
        const hit = rng.real(0, 1) < 0.2;
        const label = rng.pick(Array.from({ length: classes }, (_, c) => c).filter((c) => c !== background));
        const box = { cx: rng.real(0, 300), cy: rng.real(0, 200), width: rng.real(5, 90), height: rng.real(5, 90) };
        const score = rng.real(0.6, 0.9);
        if (hit) all.push({ ...box, score, label: String(label) });
        const [ax, ay, aw, ah] = [0, 1, 2, 3].map((c) => a[4 * k + c]!) as [number, number, number, number];
        shifts.push((box.cx / 300 - ax) / aw / 0.1, (box.cy / 200 - ay) / ah / 0.1);
        shifts.push(Math.log(box.width / 300 / aw) / 0.2, Math.log(box.height / 200 / ah) / 0.2);
        for (let c = 0; c < classes; c++) scores.push(c === background ? 0.95 : hit && c === label ? score : 0.1);
      }
      const found = n.decodeSsd(rows([1, count, 4], shifts), rows([1, count, classes], scores), anchors, {
        width: 300,
        height: 200,
        background,
      });
      expectBoxes(found, all, 1);

      const [width, height] = [rng.integer(30, 80), rng.integer(30, 80)];
      const cells = gridCells(width, height, [8, 16]).flatMap((cell) => [0, 1].map((k) => ({ ...cell, k })));
      const sizes = [10, 20, 40, 60];
      const faces: Written[] = [];
      const [move, face, marks]: [number[], number[], number[]] = [[], [], []];
      for (const { stride, column, row, k } of cells) {
        const side = sizes[(stride === 8 ? 0 : 2) + k]!;
        const hit = rng.real(0, 1) < 0.2;
        const box = { cx: rng.real(0, 80), cy: rng.real(0, 80), width: rng.real(5, 50), height: rng.real(5, 50) };
        const score = rng.real(0.6, 0.9);
        if (hit) faces.push({ ...box, score, label: "face" });
        const [cx, cy] = [(column + 0.5) * stride, (row + 0.5) * stride];
        move.push((box.cx - cx) / side / 0.1, (box.cy - cy) / side / 0.1);
        move.push(Math.log(box.width / side) / 0.2, Math.log(box.height / side) / 0.2);
        face.push(1 - score, hit ? score : 0.1);
        for (let p = 0; p < 5; p++) marks.push((box.cx - cx) / side / 0.1, (box.cy + p - cy) / side / 0.1);
      }
      const seen = n.decodeRetinaface(
        rows([1, cells.length, 4], move),
        rows([1, cells.length, 2], face),
        rows([1, cells.length, 10], marks),
        { width, height, strides: [8, 16], anchorSizes: sizes },
      );
      expectBoxes(seen, faces);
      for (const { x, width: w, points } of seen) expect(points[3]![0]).toBeCloseTo(x + w / 2, 2);
    }
  });

  test("decodeScoredBoxes and decodeDetectionRows", () => {
    for (let i = 0; i < 200; i++) {
      const format = rng.pick(["xyxy", "xywh", "cxcywh"] as const);
      const boxes = Array.from({ length: rng.integer(0, 20) }, () => ({
        cx: rng.real(0, 1),
        cy: rng.real(0, 1),
        width: rng.real(0.1, 0.5),
        height: rng.real(0.1, 0.5),
        score: rng.real(0.6, 0.9),
        label: String(rng.integer(1, 3)),
      }));
      const data = boxes.flatMap(({ cx, cy, width: w, height: h }) =>
        format === "xyxy"
          ? [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
          : format === "xywh"
            ? [cx - w / 2, cy - h / 2, w, h]
            : [cx, cy, w, h],
      );
      const scores = boxes.flatMap((b) =>
        [0.99, 1, 2, 3].map((v, k) => (k === 0 ? v : String(k) === b.label ? b.score : 0)),
      );
      const found = n.decodeScoredBoxes(rows([1, boxes.length, 4], data), rows([1, boxes.length, 4], scores), {
        format,
        width: 320,
        height: 240,
        firstClass: 1,
      });
      const scaled = boxes.map((b) => ({
        ...b,
        cx: b.cx * 320,
        cy: b.cy * 240,
        width: b.width * 320,
        height: b.height * 240,
      }));
      expectBoxes(found, scaled);
      const finished = scaled.flatMap((b) => [
        b.cx - b.width / 2,
        b.cy - b.height / 2,
        b.cx + b.width / 2,
        b.cy + b.height / 2,
        b.score,
        Number(b.label),
      ]);
      expectBoxes(n.decodeDetectionRows(rows([1, boxes.length, 6], finished)), scaled);
    }
  });

  test("no candidates, NaN and infinities leave nothing; labels are named; wrong shapes are told", () => {
    expect(n.decodeYoloV5(rows([1, 0, 7], []))).toEqual([]);
    expect(n.decodeYoloV8(rows([1, 6, 0], []))).toEqual([]);
    expect(n.decodeDetectionRows(rows([1, 0, 6], []))).toEqual([]);
    const bad = [Number.NaN, Infinity, -Infinity].map((v) => [v, 1, 5, 5, 0.9, 0.9, 0]);
    expect(n.decodeYoloV5(rows([1, 3, 7], bad.flat()))).toEqual([]);
    expect(n.decodeYoloV5(rows([1, 1, 7], [5, 5, 5, 5, Number.NaN, 1, 1]))).toEqual([]);
    expect(n.decodeYoloV5(rows([1, 1, 7], [5, 5, 0, 5, 1, 1, 1]))).toEqual([]);
    const named = n.decodeDetectionRows(rows([1, 1, 6], [0, 0, 5, 5, 0.9, 1]), { labels: ["cat", "dog"] });
    expect(named[0]!.label).toBe("dog");
    expect(() => n.decodeYoloV5(rows([2, 1, 7], zeros(14)))).toThrow(/float32\[2,1,7\], expected float32\[1,n,n\]/);
    expect(() => n.decodeYoloV5(new Tensor("int32", [1, 1, 7], new Int32Array(7)))).toThrow(/expected floats/);
    expect(() => n.decodeYoloV5(rows([1, 1, 5], zeros(5)))).toThrow(argument);
  });
});

describe("points and masks", () => {
  test("heatMapPoints finds a Gaussian's middle to a hundredth of a cell by the parabola", () => {
    for (let i = 0; i < 200; i++) {
      const [w, h] = [rng.integer(9, 20), rng.integer(9, 20)];
      const [cx, cy] = [rng.real(2, w - 3), rng.real(2, h - 3)];
      const map = Array.from({ length: w * h }, (_, k) =>
        Math.exp(-(((k % w) - cx) ** 2 + (Math.floor(k / w) - cy) ** 2) / (2 * 1.5 ** 2)),
      );
      const heat = rows([1, 1, h, w], map);
      const [fine] = n.heatMapPoints(heat, { refine: "parabola", stride: 1 });
      expect(fine!.x).toBeCloseTo(cx + 0.5, 2);
      expect(fine!.y).toBeCloseTo(cy + 0.5, 2);
      const [quarter] = n.heatMapPoints(heat, { stride: 1 });
      expect(Math.abs(quarter!.x - cx - 0.5)).toBeLessThanOrEqual(0.2501);
      const [none] = n.heatMapPoints(heat, { refine: "none", stride: 4 });
      expect(none!.x).toBe((Math.round(cx) + 0.5) * 4);
    }
    expect(n.heatMapPoints(rows([1, 3, 0, 0], []))).toEqual([]);
    expect(n.heatMapPoints(rows([1, 1, 1, 1], [0.5]))).toEqual([{ x: 2, y: 2, score: 0.5 }]);
  });

  test("coordinatePoints reads every order; axisPoints the best bins", () => {
    const out = rows([1, 1, 2, 3], [0.1, 0.2, 0.9, 0.3, 0.4, 0.8]);
    const [first, second] = n.coordinatePoints(out, { width: 100, height: 10 });
    expect(first!.x).toBeCloseTo(20, 4);
    expect(first!.y).toBeCloseTo(1, 4);
    expect(second!.score).toBeCloseTo(0.8, 5);
    expect(n.coordinatePoints(out, { order: "xyz" })[1]).toMatchObject({ score: 1 });
    expect(() => n.coordinatePoints(out, { order: "xx" })).toThrow(argument);
    expect(() => n.coordinatePoints(out, { order: "xyzs" })).toThrow(/6 numbers, expected a multiple of 4/);
    const bins = (at: number, score: number) => Array.from({ length: 12 }, (_, k) => (k === at ? score : 0));
    expect(n.axisPoints(rows([1, 1, 12], bins(7, 0.5)), rows([1, 1, 12], bins(4, 0.75)))).toEqual([
      { x: 3.5, y: 2, score: 0.5 },
    ]);
  });

  test("prototypeMasks is the interpolated sum pixel by pixel", () => {
    for (let i = 0; i < 200; i++) {
      const [count, h, w] = [rng.integer(1, 4), rng.integer(1, 9), rng.integer(1, 9)];
      const size = { width: rng.integer(w, 40), height: rng.integer(h, 40) };
      const values = Float32Array.from({ length: count * h * w }, () => rng.real(-1, 1));
      const coefficients = Float32Array.from({ length: count }, () => rng.real(-3, 3));
      const box = {
        x: rng.real(-5, 30),
        y: rng.real(-5, 30),
        width: rng.real(1, 30),
        height: rng.real(1, 30),
        coefficients,
      };
      const threshold = rng.real(0.2, 0.8);
      const [mask] = n.prototypeMasks([box], rows([1, count, h, w], values), { ...size, threshold });
      if (!mask!.box) {
        expect(box.x >= size.width || box.y >= size.height || box.x + box.width <= 0 || box.y + box.height <= 0).toBe(
          true,
        );
        continue;
      }
      const at = (k: number, x: number, y: number) =>
        values[k * w * h + Math.min(h - 1, Math.max(0, y)) * w + Math.min(w - 1, Math.max(0, x))]!;
      let wrong = 0;
      for (let y = 0; y < mask!.height; y++)
        for (let x = 0; x < mask!.width; x++) {
          const u = ((mask!.box.x + x + 0.5) * w) / size.width - 0.5;
          const v = ((mask!.box.y + y + 0.5) * h) / size.height - 0.5;
          const [x0, y0] = [Math.floor(u), Math.floor(v)];
          let sum = 0;
          for (let k = 0; k < count; k++)
            for (const [dx, dy] of [
              [0, 0],
              [1, 0],
              [0, 1],
              [1, 1],
            ] as const)
              sum +=
                coefficients[k]! * at(k, x0 + dx, y0 + dy) * (dx ? u - x0 : 1 - u + x0) * (dy ? v - y0 : 1 - v + y0);
          const p = 1 / (1 + Math.exp(-sum));
          if (Math.abs(p - threshold) > 1e-4 && p > threshold !== mask!.data[y * mask!.width + x]! > 0) wrong++;
        }
      expect(wrong).toBe(0);
    }
    expect(() =>
      n.prototypeMasks(
        [{ x: 0, y: 0, width: 1, height: 1, coefficients: Float32Array.of(1) }],
        rows([1, 2, 1, 1], [0, 0]),
      ),
    ).toThrow(/1 coefficients, expected 2/);
    expect(n.prototypeMasks([{ x: 0, y: 0, width: 0, height: 1 }], rows([1, 2, 1, 1], [0, 0]))[0]!.data).toHaveLength(
      0,
    );
  });

  test("segmentationLabels is the arg max of either layout", () => {
    for (let i = 0; i < 200; i++) {
      const [c, h, w] = [rng.integer(2, 6), rng.integer(0, 7), rng.integer(1, 7)];
      const values = Array.from({ length: c * h * w }, () => rng.integer(0, 9));
      const planar = n.segmentationLabels(rows([1, c, h, w], values));
      const mixed = Array.from({ length: values.length }, (_, j) => values[(j % c) * h * w + Math.floor(j / c)]!);
      expect([...n.segmentationLabels(rows([1, h, w, c], mixed), { layout: "nhwc" }).data]).toEqual([...planar.data]);
      planar.data.forEach((label, p) => {
        const scores = Array.from({ length: c }, (_, k) => values[k * h * w + p]!);
        expect(label).toBe(scores.indexOf(Math.max(...scores)));
      });
    }
    expect([...n.segmentationLabels(rows([1, 1, 1, 3], [0.4, 0.6, Number.NaN])).data]).toEqual([0, 1, 0]);
  });
});

describe("topK and softmax", () => {
  test("topK is the head of the sorted row", () => {
    for (let i = 0; i < 200; i++) {
      const [count, length, k] = [rng.integer(0, 4), rng.integer(1, 30), rng.integer(1, 8)];
      const values = Array.from({ length: count * length }, () => rng.integer(0, 12));
      const found = n.topK(rows([count, length], values), { k });
      expect(found).toHaveLength(count);
      found.forEach((best, row) => {
        const order = Array.from({ length }, (_, j) => j).sort(
          (a, b) => values[row * length + b]! - values[row * length + a]! || a - b,
        );
        expect(best.map((b) => b.index)).toEqual(order.slice(0, k));
      });
    }
    expect(n.topK(rows([3], [Number.NaN, 1, Number.NaN]))[0]).toEqual([{ index: 1, label: "1", score: 1 }]);
  });

  test("softmax is the formula along any axis", () => {
    for (let i = 0; i < 200; i++) {
      const shape = Array.from({ length: rng.integer(1, 4) }, () => rng.integer(1, 4));
      const size = shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: size }, () => rng.real(-900, 900));
      const axis = rng.integer(-shape.length, shape.length - 1);
      const out = n.softmax(rows(shape, values), { axis, temperature: 100 });
      const at = (axis + shape.length) % shape.length;
      const step = shape.slice(at + 1).reduce((a, b) => a * b, 1);
      const single = Float32Array.from(values);
      for (let j = 0; j < size; j++) {
        const start = j - (Math.floor(j / step) % shape[at]!) * step;
        const group = Array.from({ length: shape[at]! }, (_, k) => Math.exp(single[start + k * step]! / 100));
        expect(out.data[j]).toBeCloseTo(Math.exp(single[j]! / 100) / group.reduce((a, b) => a + b), 6);
      }
    }
    expect(() => n.softmax(rows([2], [1, 2]), { axis: 1 })).toThrow(/expected -1 to 0/);
  });
});
