import { describe, expect, it } from "vitest";
import { displaySymbol } from "../../src/base/display-hook.ts";
import { Image } from "../../src/base/image.ts";
import "../../src/display/index.ts";
import { expectGolden, expectGoodOutput, untrusted } from "./golden.ts";

const gradient = (width: number, height: number, channels: 1 | 3 | 4 = 3) =>
  new Image(
    width,
    height,
    channels,
    Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 7 + (i >> 5)) & 255),
  );

describe("display of an image", () => {
  it("shows a plain image", async () => {
    expectGoodOutput(await expectGolden("image.plain", gradient(320, 200)[displaySymbol](), false));
  });

  it("draws and lists what was found", async () => {
    const found = gradient(320, 200).annotate({
      boxes: [{ x: 10, y: 20, width: 100, height: 80, label: "dog <b>", score: 0.93 }],
      quads: [
        {
          points: [
            [120, 20],
            [300, 30],
            [298, 60],
            [118, 50],
          ],
          text: "A & B <script>alert(1)</script>",
          score: 0.5,
        },
      ],
      points: [
        { x: 5, y: 5, label: "nose" },
        { x: 50, y: 50 },
      ],
      edges: [
        [0, 1],
        [0, 7],
      ],
      masks: [{ width: 4, height: 2, data: Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 0), label: "sky" }],
      tracks: [
        {
          label: "t",
          points: [
            [0, 0],
            [10, 10],
          ],
        },
        { points: [] },
      ],
      labels: [{ x: 100, y: 100, text: "here" }],
    });
    const shown = await expectGolden("image.annotated", found[displaySymbol](), false);
    expectGoodOutput(shown);
    expect(untrusted(shown)).toContain("A &amp; B &lt;script&gt;");
  });

  it("keeps clear pixels clear, enlarges small ones, and survives empty ones", async () => {
    expectGoodOutput(await expectGolden("image.alpha", gradient(300, 200, 4)[displaySymbol](), false));
    expectGoodOutput(await expectGolden("image.tiny", gradient(8, 8)[displaySymbol](), false));
    expectGoodOutput(await expectGolden("image.empty", gradient(0, 5)[displaySymbol](), false));
  });

  it("keeps noise, the worst of pictures, within 64 kB", async () => {
    let state = 1;
    const noise = new Image(
      1000,
      800,
      3,
      Uint8Array.from({ length: 2_400_000 }, () => (state = (state * 48271) % 2147483647) & 255),
    );
    expectGoodOutput((await noise[displaySymbol]())!);
  });
});
