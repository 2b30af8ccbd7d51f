/** The enhanced forms in a real browser: the pages are opened, pointed at and typed into. Needs Chromium. */
import { describe, expect, it } from "vitest";
import { display } from "../../src/base/display-hook.ts";
import { Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import "../../src/display/index.ts";
import type { Trace } from "../../src/runtime/trace.ts";
import { chromiumPath } from "../support/lab.ts";
import { probe } from "../support/probe.ts";
import { transformer } from "./graphs.ts";

if (!chromiumPath) console.log("skipped: 1 browser test, no Chromium is installed");

const trace: Trace = {
  engine: "native",
  graph: "g",
  threads: 1,
  wallUs: 100,
  tensors: new Map(),
  events: [0, 1].map((i) => ({
    node: `node${i}`,
    op: "Conv",
    kernel: "k",
    startUs: i * 50,
    endUs: i * 50 + 40,
    thread: 0,
    flops: 1,
    bytes: 1,
    outputs: [],
  })),
};
const flat = (value: number) => new Image(300, 200, 3, new Uint8Array(300 * 200 * 3).fill(value));

/** Uses every enhanced form as a person would. */
const usesAll = `
const in_ = (name) => document.getElementById(name);
const point = (el, x, y) => { const b = el.getBoundingClientRect(); el.dispatchEvent(new PointerEvent("pointermove", { clientX: b.left + b.width * x, clientY: b.top + b.height * y, bubbles: true })); };
const key = (el, key) => el.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const tensor = in_("tensor").querySelector("img");
point(tensor, 0.501, 0.251); out.cell = in_("tensor").querySelector("output").textContent;
key(tensor, "ArrowRight"); out.next = in_("tensor").querySelector("output").textContent;
const slices = in_("maps").querySelector("input"); slices.value = 3; slices.oninput(); out.slice = slices.nextSibling.textContent;
const canvas = in_("maps").querySelector("canvas"); out.drawn = canvas.getContext("2d").getImageData(5, 5, 1, 1).data[3];
const svg = in_("graph").querySelector("svg"), before = svg.getAttribute("viewBox");
key(svg, "+"); out.zoomed = svg.getAttribute("viewBox") !== before;
const search = in_("graph").querySelector("input"); search.value = "softmax"; search.dispatchEvent(new Event("input")); out.found = in_("graph").querySelector("small").textContent;
const head = in_("table").querySelectorAll("th button"); head[1].click(); out.largest = in_("table").querySelector("tbody tr").textContent;
head[1].click(); out.smallest = in_("table").querySelector("tbody tr").textContent; out.sort = head[1].parentElement.getAttribute("aria-sort");
const timeline = in_("trace").querySelector("img"); point(timeline, 0.7, 0.5); out.event = in_("trace").querySelector("img + output").textContent;
const both = in_("both").querySelector("input"); both.value = 20; both.oninput(); out.clip = in_("both").querySelectorAll("img")[1].style.clipPath;
const video = in_("video").querySelector("input"); video.value = 2; video.oninput(); out.frame = in_("video").querySelector("output").textContent;`;

describe.skipIf(!chromiumPath)("enhanced displays", () => {
  it("answer to pointer, keys and search, and throw nothing", async () => {
    const values = Float32Array.from({ length: 32 * 40 }, (_, i) => i - 600);
    const shown = {
      tensor: await display("tensor", new Tensor("float32", [32, 40], values)),
      maps: await display(
        "tensor",
        new Tensor(
          "float32",
          [5, 12, 16],
          Float32Array.from({ length: 960 }, (_, i) => Math.sin(i)),
        ),
      ),
      graph: await display("graph", transformer(2)),
      table: await display("table", [
        { name: "b", n: 9 },
        { name: "a", n: 10 },
        { name: "c", n: 1000 },
      ]),
      trace: await display("trace", trace),
      both: await display("before-after", { before: flat(10), after: flat(200) }),
      video: await display("video", { frames: [flat(0), flat(90), flat(200)] }),
    };
    const body = Object.entries(shown).map(
      ([id, bundle]) => `<section id="${id}">${(bundle as Record<string, string>)["text/html"]}</section>`,
    );
    // The drawing is unpacked a while after the page is there.
    const { errors, ...out } = await probe(body.join("\n"), usesAll, 'document.querySelector("#graph svg")');
    expect(errors).toEqual([]);
    // Row 8, column 20 is element 340, of value -260; the picture keeps 200 levels of the range.
    const [, row, column, value] = /^\[(\d+), (\d+)\] ≈ (-?[\d.]+)$/.exec(String(out["cell"]))!;
    expect([row, column]).toEqual(["8", "20"]);
    expect(Math.abs(Number(value) + 260)).toBeLessThan(8);
    expect(out).toMatchObject({ slice: " [3, :, :]", drawn: 255 });
    expect(out["next"]).toMatch(/^\[8, 21\]/);
    expect(out).toMatchObject({ zoomed: true, sort: "ascending", clip: "inset(0px 0px 0px 20%)" });
    expect(out["found"]).toMatch(/^ [1-9]\d* found$/);
    expect(out["largest"]).toContain("c");
    expect(out["smallest"]).toContain("b");
    expect(out["event"]).toContain("node1 · Conv");
    expect(out["frame"]).toContain("frame 2");
  });
});
