import { describe, expect, it } from "vitest";
import { Image } from "../../src/base/image.ts";

describe("Image", () => {
  it("refuses sizes that do not fit the data", () => {
    expect(() => new Image(2, 2, 3, new Uint8Array(11))).toThrow("has 11 bytes, expected 12 for 2×2×3");
    expect(() => new Image(-1, 2, 3, new Uint8Array(0))).toThrow("-1×2");
    expect(() => new Image(1, 1, 2 as never, new Uint8Array(2))).toThrow("2 channels");
    expect(() => new Image(1, 1, 1, [0] as never)).toThrow("not a Uint8Array");
  });

  it("annotate() shares the pixels, adds to what is there and moves edges behind it", () => {
    const plain = new Image(1, 1, 1, new Uint8Array(1));
    const point = { x: 0, y: 0 };
    const once = plain.annotate({ points: [point, point], edges: [[0, 1]] });
    const twice = once.annotate({ points: [point, point], edges: [[0, 1]] });
    expect(twice.data).toBe(plain.data);
    expect(plain.annotations).toEqual({});
    expect(twice.annotations.points).toHaveLength(4);
    expect(twice.annotations.edges).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });
});
