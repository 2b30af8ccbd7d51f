/** Displays in a notebook that nobody trusts: as alive as in any other, and the notebook runs nothing. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { display, type MimeBundle } from "../../../src/base/display-hook.ts";
import { Tensor } from "../../../src/base/tensor.ts";
import "../../../src/display/index.ts";
import { displayType } from "../../../src/display/bundle.ts";
import { enhance, packText, type Uses } from "../../../src/display/enhance.ts";
import { encodePng } from "../../../src/display/png.ts";
import type { Trace } from "../../../src/runtime/trace.ts";
import { transformer } from "../../display/graphs.ts";
import { patienceMs } from "../../support/kernel.ts";
import { chromiumPath, Lab, type LabPage, notebook } from "../../support/lab.ts";

declare function getComputedStyle(element: unknown): { readonly fill: string };

/** Screenshots for whoever looks: kept where SCREENSHOTS names a folder. */
const screenshots = process.env["SCREENSHOTS"];

const trace: Trace = {
  engine: "native",
  graph: "g",
  threads: 2,
  wallUs: 100,
  tensors: new Map(),
  events: Array.from({ length: 6 }, (_, i) => ({
    node: `node${i}`,
    op: i % 2 ? "Conv" : "Softmax",
    kernel: "k",
    startUs: i * 15,
    endUs: i * 15 + 12,
    thread: i % 2,
    flops: 1,
    bytes: 1,
    outputs: [],
  })),
};

const maps = new Tensor(
  "float32",
  [5, 12, 16],
  Float32Array.from({ length: 960 }, (_, i) => Math.sin(i / 7)),
);

/** A PNG of one clear pixel. */
const onePixel = Buffer.from(
  encodePng({ width: 1, height: 1, indices: Uint8Array.of(0), palette: Uint8Array.of(0, 0, 0, 0) }),
).toString("base64");

/** A notebook's file with one output a cell. */
function withOutputs(...bundles: MimeBundle[]): string {
  const file = JSON.parse(notebook(...bundles.map((_, i) => `// ${i}`))) as {
    cells: { execution_count: number | null; outputs: object[] }[];
  };
  for (const [i, data] of bundles.entries()) {
    file.cells[i]!.execution_count = i + 1;
    file.cells[i]!.outputs = [{ output_type: "execute_result", execution_count: i + 1, metadata: {}, data }];
  }
  return JSON.stringify(file);
}

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: patienceMs, interval: 100 });

/** The output of the cell with this number. */
const output = (page: Page, cell: number) => page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output");

// A browser on a busy machine is late now and then: a test that fails is tried again.
describe.skipIf(!chromiumPath)("displays in the Lab", () => {
  let lab: Lab;
  let numNotebooks = 0;
  let shown: { readonly tensor: MimeBundle; readonly graph: MimeBundle; readonly trace: MimeBundle };

  beforeAll(async () => {
    lab = await Lab.start(18_870);
    shown = {
      tensor: (await display("tensor", maps))!,
      graph: (await display("graph", transformer(2)))!,
      trace: (await display("trace", trace))!,
    };
  }, 600_000);
  afterAll(() => lab?.close());
  afterEach(async () => {
    for (const context of lab.browser.contexts()) for (const page of context.pages()) await page.close();
  });

  /** Opens a notebook that was not saved here: it is not trusted. */
  async function untrusted(...bundles: MimeBundle[]): Promise<LabPage> {
    const name = `displays${++numNotebooks}.ipynb`;
    await writeFile(join(lab.folder, name), withOutputs(...bundles));
    const page = await lab.browser.newPage({ viewport: { width: 1300, height: 1600 } });
    return lab.open(name, page);
  }

  /** What a person does with a tensor, a graph and a trace. */
  async function use(page: Page): Promise<void> {
    const [tensor, graph, timeline] = [0, 1, 2].map((cell) => output(page, cell)) as [
      ReturnType<typeof output>,
      ReturnType<typeof output>,
      ReturnType<typeof output>,
    ];
    // Pointed at again until the picture is there to be read.
    let x = 9;
    const value = async () => {
      x = 19 - x;
      await tensor
        .locator("img")
        .first()
        .hover({ position: { x, y: 9 } });
      return tensor.locator("img + output").textContent();
    };
    await eventually(value).toMatch(/^\[0, \d+, \d+\] ≈ -?[\d.]+/);
    await tensor.getByText("one slice at a time").click();
    await tensor.locator("input[type=range]").fill("3");
    await eventually(() => tensor.locator("input[type=range] + output").textContent()).toBe(" [3, :, :]");

    await graph.locator("svg").waitFor();
    const before = await graph.locator("svg").getAttribute("viewBox");
    await graph.locator("svg").press("+");
    await eventually(() => graph.locator("svg").getAttribute("viewBox")).not.toBe(before);
    await graph.locator("input[type=search]").fill("softmax");
    await eventually(() => graph.locator("small").first().textContent()).toMatch(/^ [1-9]\d* found$/);

    await timeline.locator("th button", { hasText: "calls" }).click();
    await eventually(() => timeline.locator("th[aria-sort]").textContent()).toBe("calls");
    await timeline.locator("img").press("ArrowRight");
    await eventually(() => timeline.locator("img ~ output").first().textContent()).toContain("node0 · Softmax");
    await timeline.locator("img").press("+");
    await timeline.locator("canvas").waitFor({ state: "visible" });
  }

  test("are alive in a notebook that is not trusted, which runs no script of its own", async () => {
    // The scripts of the notebook would say that they ran.
    const marked = Object.values(shown).map((bundle) => ({
      ...bundle,
      "text/html": String(bundle["text/html"]).replaceAll("<script>", "<script>globalThis.ran = true;\n"),
    }));
    const { page } = await untrusted(...marked);
    await use(page);
    expect(await output(page, 0).locator("script").count()).toBe(0);
    expect(await page.evaluate("globalThis.ran")).toBeUndefined();
    if (screenshots) await page.screenshot({ path: `${screenshots}/displays-light.png` });
  });

  test("follow a dark theme", async () => {
    const { page } = await untrusted(shown.graph, shown.tensor, shown.trace);
    const card = output(page, 0).locator("svg rect[style*=inferlab-nodes]").first();
    const fill = () => card.evaluate((shape) => getComputedStyle(shape).fill);
    await card.waitFor();
    await eventually(fill).toBe("rgb(238, 242, 247)");
    await page.emulateMedia({ colorScheme: "dark" }); // the Lab follows the system
    await eventually(fill).toBe("rgb(39, 49, 61)");
    if (screenshots) await page.screenshot({ path: `${screenshots}/displays-dark.png` });
    await page.emulateMedia({ colorScheme: "light" });
    await eventually(fill).toBe("rgb(238, 242, 247)");
  });

  test("are told apart where one page holds several", async () => {
    // A timeline, pictures and a list with one selection; inside it a graph, which has a script of its own.
    const steps = trace.events.map((event) => ({ event, nodes: [event.node], tensor: maps }));
    const exploration = (await display("exploration", { trace, steps, graph: transformer(2) }))!;
    const pages = [shown.tensor, (await display("tensor", maps))!];
    const both = { ...shown.tensor, "text/html": `<div>${pages.map((page) => page["text/html"]).join("")}</div>` };
    const { page } = await untrusted(exploration, both);
    const explored = output(page, 0);
    await explored.locator("svg").waitFor();
    // The drawing took the place of the graph's picture, and of no other.
    const pictures = explored.locator("img");
    expect([await pictures.nth(0).getAttribute("alt"), await pictures.nth(1).getAttribute("alt")]).toEqual([
      "timeline",
      "tensors",
    ]);
    await explored.locator("input[aria-label=instruction]").fill("2");
    await eventually(() => explored.locator("input[aria-label=instruction] + output").textContent()).toContain("#2 ");
    await eventually(() => output(page, 1).locator("img + output").count()).toBe(2);
  });

  /** A bundle that carries our mark, by somebody else. */
  const hostile = (html: string, uses?: Uses): MimeBundle => ({
    [displayType]: {},
    "text/html": `<div id="il-0">cell ${html}</div>${uses ? enhance("il-0", uses).text : ""}`,
    "text/plain": "cell",
  });
  const run = "globalThis.ran = true";
  const picture = `<img width="9" height="9" src="data:image/png;base64,${onePixel}">`;

  test("leave a hostile page beside the mark without power", async () => {
    const drawing = (inner: string): Uses => ({
      drawing: {
        svg: packText(
          `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${inner}</svg>`,
        ),
      },
    });
    const cover = "position:fixed;inset:0;left:0;top:0;width:9000px;height:9000px;z-index:99999;background:red";
    const open = await untrusted(
      hostile(`<script>${run}</script><script src="data:text/javascript,${run}"></script>`),
      hostile(`<img src="x:" onerror="${run}"><details open ontoggle="${run}">a</details>`),
      hostile(`<a id="link" href="javascript:${run}">press</a> <a href=" java&#10;script:${run}">press</a>`),
      hostile(`<style>.jp-Notebook { outline: 13px solid red } @import "x:";</style><link rel="stylesheet" href="x:">`),
      hostile(
        `<iframe srcdoc="<script>parent.ran = true</script>"></iframe><object data="x:"></object><embed src="x:">`,
      ),
      hostile(`<form action="javascript:${run}"><input autofocus onfocus="${run}"><button>send</button></form>`),
      hostile(
        `<div style="${cover}">a</div><div class="jp-Dialog" style="${cover.replace("fixed", "absolute")}">b</div>`,
      ),
      hostile(`<svg onload="${run}"><script>${run}</script><a href="javascript:${run}"><text>a</text></a></svg>`),
      hostile(`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x: onerror='${run}'&gt;">`),
      hostile(
        `<template><script>${run}</script></template><noscript><p title="</noscript><img src=x: onerror=${run}>">`,
      ),
      hostile(`<base href="http://127.0.0.1:1/"><meta http-equiv="refresh" content="0;url=about:blank">`),
      hostile(
        picture,
        drawing(
          `viewBox="0 0 9 9" onload="${run}" style="${cover}"><script>${run}</script><style>* { outline: 13px solid red }</style>` +
            `<foreignObject width="9" height="9"><img xmlns="http://www.w3.org/1999/xhtml" src="x:" onerror="${run}"/></foreignObject>` +
            `<a xlink:href="javascript:${run}"><text data-key="inside">a</text></a><use href="#a"/><image href="x:" onerror="${run}"/>` +
            `<rect width="9" height="9" fill="url(x:)" onclick="${run}"><animate attributeName="x" onbegin="${run}"/></rect>` +
            `<text x="1" y="8" data-key="kept">kept</text>`,
        ),
      ),
      hostile(`${picture}${picture}`, { beforeAfter: {} }),
      hostile(`<p title="a">${picture}</p><table><tr><td>${picture}</td><td>${picture}</td></tr></table>`, {
        slider: { width: `1px;${cover}` },
      }),
      hostile(`${picture.replace('"9"', `"9px;${cover}"`)}<table><tbody><tr><td>a</td></tr></tbody></table>`, {
        timeline: { lanes: 1e12, wall: 1, events: [[0, 1, 0, `<img src="x:" onerror="${run}">`, 0]] },
      }),
      hostile(`${picture}${picture}`, {
        explore: { steps: [[0, 1, "<b onclick=1>", `<img src="x:" onerror="${run}">`, ["a"]]], side: 1e9, wall: 1 },
      }),
      hostile("a", { live: { port: "constructor", key: run, controls: [{ name: "a", label: "<b>", type: "file" }] } }),
      hostile(`a</div><script>{\n{"uses":{"__proto__":{},"constructor":{},"unknown":{}}}\n}</script>`),
      hostile(`a</div><script>{\n{"uses":{"drawing":{"svg":"not packed"}}}\n}</script>${picture}`),
      // What follows is shown as well as ever.
      shown.tensor,
    );
    const { page } = open;
    const errors: string[] = [];
    page.on("dialog", (dialog) => void dialog.dismiss().then(() => errors.push("a dialog")));
    const address = page.url();
    const numHostile = 19;
    const displays = page.locator(".inferlab-Display");
    await eventually(() => displays.count()).toBe(numHostile + 1);
    await eventually(() => output(page, numHostile).locator("img + output").count()).toBe(1);
    // What the features made of what they were given: shapes that are known, and nothing else.
    await output(page, 11).locator("svg text[data-key=kept]").waitFor();
    expect(
      await output(page, 11)
        .locator("svg *")
        .evaluateAll((all: readonly { readonly outerHTML?: string }[]) => all.map((one) => one.outerHTML)),
    ).toEqual(['<rect width="9" height="9"></rect>', '<text x="1" y="8" data-key="kept">kept</text>']);
    expect(await output(page, 11).locator("svg").getAttribute("style")).not.toContain("fixed");
    for (const link of await displays.locator("a").all()) await link.click({ noWaitAfter: true });
    for (const key of ["ArrowRight", "+"]) await output(page, 14).locator("img").press(key);

    expect(
      await displays
        .locator("script, style, link, iframe, object, embed, form, button, base, meta, .jp-Dialog")
        .count(),
    ).toBe(0);
    expect(await displays.locator("svg:not([viewBox]), foreignObject, animate, use, [onerror], [onload]").count()).toBe(
      0,
    );
    expect(await displays.locator("input:not([type=range])").count()).toBe(0);
    expect(await displays.locator("[style*=fixed]").count()).toBe(0);
    expect(await page.evaluate("getComputedStyle(document.querySelector('.jp-Notebook')).outlineStyle")).toBe("none");
    // Nothing covers anything outside its own output.
    const outside = await page.evaluate(`(() => {
      const found = [];
      for (let x = 5; x < innerWidth; x += 20)
        for (let y = 5; y < innerHeight; y += 10) {
          const shown = document.elementFromPoint(x, y)?.closest(".inferlab-Display");
          if (!shown) continue;
          const box = shown.getBoundingClientRect();
          if (x < box.left || x > box.right || y < box.top || y > box.bottom) found.push([x, y, shown.textContent]);
        }
      return found;
    })()`);
    expect(outside).toEqual([]);
    expect(await page.evaluate("globalThis.ran")).toBeUndefined();
    expect(errors).toEqual([]);
    expect(page.url()).toBe(address);
    if (screenshots) await page.screenshot({ path: `${screenshots}/displays-hostile.png` });
  });

  test("are as they were for whoever does not know the mark", async () => {
    for (const bundle of Object.values(shown)) {
      expect(bundle[displayType]).toEqual({});
      expect(bundle["text/html"]).toContain("<script>");
    }
    await writeFile(join(lab.folder, "plain.ipynb"), withOutputs(shown.tensor, shown.graph, shown.trace));
    const headers = { authorization: `token ${lab.server.token}` };
    const page = await fetch(`http://127.0.0.1:${lab.server.port}/nbconvert/html/plain.ipynb`, { headers });
    const text = await page.text();
    expect(text).toContain(String(shown.graph["text/html"]));
    expect(text).not.toContain(displayType);
  });
});
