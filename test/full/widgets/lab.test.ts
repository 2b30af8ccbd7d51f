/** Widgets in a real browser: every control shown and answered, a reload, errors, closing, and how long it takes. */
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { patienceMs } from "../../support/kernel.ts";
import { chromiumPath } from "../../support/lab.ts";
import { openPlainPage } from "../../support/plain-chromium.ts";
import { Lab } from "./lab-page.ts";

/** Screenshots for whoever looks: kept where SCREENSHOTS names a folder. */
const screenshots = process.env["SCREENSHOTS"];

/** What a person does to a control, and what its `value` (or the attribute named) must then be. */
interface Act {
  readonly make: string;
  readonly attribute?: string;
  readonly act?: (control: Locator, page: Page) => Promise<unknown>;
  readonly becomes?: unknown;
  /** What must be seen of a control that only shows. */
  readonly shows?: string;
}

const arrow = (control: Locator) => control.locator(".noUi-handle").last().press("ArrowRight");
const type = (text: string) => async (control: Locator) => {
  const field = control.locator("input, textarea").first();
  await field.fill(text);
  await field.press("Enter");
  await field.blur();
};
const tag = (text: string) => async (control: Locator) => {
  await control.click(); // Its field is there while it has the focus.
  const field = control.locator("input").last();
  await field.fill(text);
  await field.press("Enter");
};
const pick = (text: string) => (control: Locator) => control.locator("input").last().fill(text);

const acts: Record<string, Act> = {
  intSlider: { make: "{ value: 3 }", act: arrow, becomes: 4 },
  floatSlider: { make: "{ value: 0.5, max: 1, step: 0.25 }", act: arrow, becomes: 0.75 },
  floatLogSlider: { make: "{ value: 10, step: 1 }", act: arrow, becomes: 100 },
  intRangeSlider: { make: "{ value: [2, 5] }", act: arrow, becomes: [2, 6] },
  floatRangeSlider: { make: "{ value: [0.25, 0.5], max: 1, step: 0.25 }", act: arrow, becomes: [0.25, 0.75] },
  intText: { make: "{}", act: type("42"), becomes: 42 },
  floatText: { make: "{}", act: type("4.5"), becomes: 4.5 },
  boundedIntText: { make: "{ max: 10 }", act: type("99"), becomes: 10 },
  boundedFloatText: { make: "{ max: 10 }", act: type("2.5"), becomes: 2.5 },
  checkbox: { make: '{ description: "c" }', act: (c) => c.locator("input").check(), becomes: true },
  toggleButton: { make: '{ description: "t" }', act: (c) => c.click(), becomes: true },
  text: { make: "{}", act: type("typed <b>"), becomes: "typed <b>" },
  textarea: { make: "{}", act: (c) => c.locator("textarea").fill("two\nlines"), becomes: "two\nlines" },
  password: { make: "{}", act: type("secret"), becomes: "secret" },
  combobox: { make: '{ options: ["aa", "bb"] }', act: type("bb"), becomes: "bb" },
  dropdown: { make: '{ options: ["x", "y"] }', act: (c) => c.locator("select").selectOption("y"), becomes: "y" },
  radioButtons: { make: '{ options: ["x", "y"] }', act: (c) => c.locator("input").last().check(), becomes: "y" },
  select: { make: '{ options: ["x", "y"] }', act: (c) => c.locator("select").selectOption("y"), becomes: "y" },
  selectMultiple: {
    make: '{ options: ["x", "y", "z"] }',
    act: (c) => c.locator("select").selectOption(["x", "z"]),
    becomes: ["x", "z"],
  },
  toggleButtons: { make: '{ options: ["x", "y"] }', act: (c) => c.locator("button").last().click(), becomes: "y" },
  selectionSlider: { make: '{ options: ["x", "y"] }', act: arrow, becomes: "y" },
  selectionRangeSlider: { make: '{ options: ["x", "y", "z"] }', act: arrow, becomes: ["x", "y"] },
  colorPicker: { make: "{ concise: true, value: '#000000' }", act: pick("#ff0000"), becomes: "#ff0000" },
  datePicker: { make: "{}", act: pick("2024-02-29"), becomes: "2024-02-29T00:00:00.000Z" },
  datetimePicker: { make: "{}", act: pick("2024-02-29T10:30"), becomes: /^2024-02-2\d|^2024-03-01/ },
  naiveDatetimePicker: { make: "{}", act: pick("2024-02-29T10:30"), becomes: /^2024-02-2\d|^2024-03-01/ },
  timePicker: { make: "{}", act: pick("10:30"), becomes: "10:30:00" },
  tagsInput: { make: '{ value: ["a"] }', act: tag("b"), becomes: ["a", "b"] },
  colorsInput: { make: '{ value: ["red"] }', act: tag("blue"), becomes: ["red", "blue"] },
  intsInput: { make: "{ value: [1] }", act: tag("2"), becomes: [1, 2] },
  floatsInput: { make: "{ value: [1.5] }", act: tag("2.5"), becomes: [1.5, 2.5] },
  fileUpload: {
    make: "{}",
    act: async (c, page) => {
      const choosing = page.waitForEvent("filechooser");
      await c.click();
      const file = { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") };
      await (await choosing).setFiles(file);
    },
    becomes: [expect.objectContaining({ name: "a.txt", type: "text/plain", size: 5, content: "hello" })],
  },
  play: { make: "{ max: 3, interval: 20 }", act: (c) => c.locator("button").first().click(), becomes: 3 },
  button: { make: '{ description: "press" }', attribute: "clicked", act: (c) => c.click(), becomes: true },
  tab: {
    make: '["one", "two"], { titles: ["A", "B"] }',
    attribute: "selectedIndex",
    act: (c) => c.locator(".lm-TabBar-tab").nth(1).click(),
    becomes: 1,
  },
  accordion: {
    make: '["one", "two"], { titles: ["A", "B"] }',
    attribute: "selectedIndex",
    act: (c) => c.locator(".jupyter-widget-Collapse-header").nth(1).click(),
    becomes: 1,
  },
  stack: { make: '["one", "two"], { selectedIndex: 1 }', shows: "two" },
  box: { make: '["in a box"]', shows: "in a box" },
  hbox: { make: '["left", "right"]', shows: "leftright" },
  vbox: { make: '["top", "bottom"]', shows: "topbottom" },
  gridBox: { make: '["g1", "g2"], { layout: { gridTemplateColumns: "1fr 1fr" } }', shows: "g1g2" },
  label: { make: '{ value: "a <label>" }', shows: "a <label>" },
  html: { make: '{ value: "<b>bold</b>" }', shows: "bold" },
  htmlMath: { make: '{ value: "plain" }', shows: "plain" },
  valid: { make: '{ value: false, readout: "not so" }', shows: "not so" },
  intProgress: { make: "{ value: 30 }", shows: "" },
  floatProgress: { make: "{ value: 0.3, max: 1 }", shows: "" },
  image: { make: "{ value: png }", shows: "" },
  audio: { make: "{ autoplay: false }", shows: "" },
  video: { make: "{ autoplay: false, value: new Uint8Array(4) }", shows: "" },
  controller: { make: "{}", shows: "Connect gamepad" },
};

describe.skipIf(!chromiumPath)("widgets in the Lab", () => {
  let lab: Lab;
  let page: Page;

  beforeAll(async () => {
    lab = await Lab.start(18_870);
  }, 600_000);
  afterAll(() => lab?.close());
  beforeEach(async () => {
    await page?.close();
  });

  const start = 'import * as il from "inferlab";\nimport { widgets } from "inferlab";';
  const pngOf =
    'const png = (await encodeImage(new il.Image(32, 32, 3, new Uint8Array(32 * 32 * 3).fill(200)), "png"));';

  test("every control is shown, and answers a person", async () => {
    const makes = Object.entries(acts).map(
      ([name, { make }]) => `made.${name} = widgets.${name}(${make}); made.${name}.domClasses = ["c-${name}"];`,
    );
    page = await lab.open("controls", [
      `${start}\nimport { encodeImage } from "inferlab";\n${pngOf}\nconst made: Record<string, any> = {};\n${makes.join("\n")}`,
      'made.button.on("click", () => { made.button.clicked = true; });',
      `il.tab([${["0, 17", "17, 34", "34"].map((range) => `il.vbox(Object.values(made).slice(${range}))`).join(", ")}], { titles: ["1", "2", "3"], domClasses: ["c-all"] })`,
    ]);
    await lab.runAll(page);
    const names = Object.keys(acts);
    for (const [index, name] of names.entries()) {
      const tabIndex = index < 17 ? 0 : index < 34 ? 1 : 2;
      const all = page.locator(".c-all").first();
      await all.locator(":scope > .lm-TabBar .lm-TabBar-tab").nth(tabIndex).click({ timeout: patienceMs });
      const control = page.locator(`.c-${name}`).first();
      await control.waitFor({ state: "attached", timeout: patienceMs });
      const { act, shows } = acts[name]!;
      if (shows) await expect.poll(() => control.textContent(), { timeout: patienceMs }).toContain(shows);
      if (act) await act(control, page);
      const last = index === 16 || index === 33 || index === names.length - 1;
      if (screenshots && last) await page.screenshot({ path: `${screenshots}/controls-${tabIndex + 1}.png` });
    }
    const read = `JSON.stringify(Object.fromEntries(Object.entries(made).map(([k, w]) => [k, ({ button: w.clicked, tab: w.selectedIndex, accordion: w.selectedIndex } as any)[k] ?? w.value])), (key, v) => v instanceof Uint8Array ? new TextDecoder().decode(v) : v)`;
    // The answers are read by a cell, as a person would.
    const values = async (): Promise<Record<string, unknown>> => {
      await page.evaluate(
        async ([code]) => {
          const { session } = (
            globalThis as never as {
              jupyterapp: {
                shell: {
                  currentWidget: {
                    context: {
                      sessionContext: {
                        session: {
                          kernel: { requestExecute(c: object): { onIOPub: unknown; done: Promise<unknown> } };
                        };
                      };
                    };
                  };
                };
              };
            }
          ).jupyterapp.shell.currentWidget.context.sessionContext;
          const future = session.kernel.requestExecute({ code: code!, store_history: false });
          (globalThis as never as { answer: string }).answer = "";
          future.onIOPub = (message: { content: { data?: Record<string, string> } }) => {
            const text = message.content.data?.["text/plain"];
            if (text) (globalThis as never as { answer: string }).answer = text;
          };
          await future.done;
        },
        [`({ "text/plain": ${read} })`],
      );
      return JSON.parse(await page.evaluate(() => (globalThis as never as { answer: string }).answer)) as never;
    };
    for (const [name, { act, becomes }] of Object.entries(acts)) {
      if (!act) continue;
      const read = async () => (await values())[name];
      if (becomes instanceof RegExp) await expect.poll(read, { timeout: patienceMs }).toMatch(becomes);
      else await expect.poll(read, { timeout: patienceMs, message: name }).toEqual(becomes);
    }
  });

  test("a reload keeps what was set, and the control still answers", async () => {
    page = await lab.open("reload", [
      `${start}\nconst s = il.slider({ value: 3, domClasses: ["c-s"] });\ns`,
      'const shown = widgets.label({ domClasses: ["c-l"] });\ns.on("value", (v) => { shown.value = "value " + v; });\nshown',
    ]);
    await lab.runAll(page);
    const handle = page.locator(".c-s .noUi-handle");
    await handle.press("ArrowRight");
    await expect.poll(() => page.locator(".c-l").first().textContent(), { timeout: patienceMs }).toBe("value 4");
    await lab.reload(page);
    await expect.poll(() => handle.getAttribute("aria-valuenow"), { timeout: patienceMs }).toBe("4.0");
    await expect.poll(() => page.locator(".c-l").first().textContent(), { timeout: patienceMs }).toBe("value 4");
    await handle.press("ArrowRight");
    await expect.poll(() => page.locator(".c-l").first().textContent(), { timeout: patienceMs }).toBe("value 5");
  });

  test("an error of a callback stands under its cell; a closed widget goes", async () => {
    page = await lab.open("errors", [
      `${start}\nconst b = il.button({ description: "fail", domClasses: ["c-b"] });\nb.on("click", () => { console.log("clicked"); throw new RangeError("boom"); });\nb`,
      "1 + 1",
    ]);
    await lab.runAll(page);
    await page.locator(".c-b").first().click();
    const first = page.locator(".jp-CodeCell").first();
    await expect.poll(() => first.textContent(), { timeout: patienceMs }).toContain("RangeError: boom");
    expect(await first.textContent()).toContain("clicked");
    await page.locator(".jp-CodeCell .cm-content").last().fill("b.close()");
    await page.locator(".jp-CodeCell .cm-content").last().press("Control+Enter");
    await expect.poll(() => page.locator(".c-b").count(), { timeout: patienceMs }).toBe(0);
  });

  test("slider to picture, by interact and by an image widget", async () => {
    const tensor =
      "const wave = (k: number) => tensor(Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin((i * k) / 500)), [64, 64]);";
    page = await lab.open("picture", [
      `${start}\nimport { tensor, encodeImage } from "inferlab";\n${tensor}\nil.interact(({ k }) => wave(k), { k: il.intSlider({ min: 1, max: 1000, domClasses: ["c-k"] }) })`,
      `const pixels = (v: number) => { const d = new Uint8Array(128 * 128 * 3); for (let i = 0; i < d.length; i++) d[i] = (i * v) & 255; return encodeImage(new il.Image(128, 128, 3, d), "png"); };\nconst pic = widgets.image({ value: await pixels(1), domClasses: ["c-pic"] });\nconst s2 = il.intSlider({ min: 1, max: 1000, domClasses: ["c-s2"] });\ns2.on("value", async (v) => { pic.value = await pixels(v); });\nil.vbox([s2, pic])`,
    ]);
    await lab.runAll(page);
    await page.locator(".c-k .noUi-handle").waitFor({ timeout: patienceMs });
    await page.locator(".widget-output img").first().waitFor({ timeout: patienceMs });
    const measure = async (slider: string, picture: string): Promise<number[]> => {
      const times: number[] = [];
      for (let index = 0; index < 30; index++)
        times.push(
          await page.evaluate(
            ([s, p]) =>
              new Promise<number>((resolve, reject) => {
                const dom = (globalThis as never as { document: PageDocument }).document;
                const source = () => dom.querySelector(p!)?.getAttribute("src");
                const before = source();
                const begun = performance.now();
                const look = (): void => {
                  const now = source();
                  if (now && now !== before) resolve(performance.now() - begun);
                  else if (performance.now() - begun > 60_000) reject(new Error("no new picture in a minute"));
                  else setTimeout(look, 1);
                };
                const event = new KeyboardEventOf("keydown", { key: "ArrowRight", bubbles: true });
                dom.querySelector(s!)?.dispatchEvent(event);
                look();
              }),
            [slider, picture],
          ),
        );
      return times.slice(5).sort((a, b) => a - b);
    };
    await page.evaluate(() => {
      (globalThis as never as { KeyboardEventOf: unknown }).KeyboardEventOf = (
        globalThis as never as { KeyboardEvent: unknown }
      ).KeyboardEvent;
    });
    const say = (what: string, times: number[]): void =>
      console.log(`${what}: median ${times[times.length >> 1]!.toFixed(1)} ms, fastest ${times[0]!.toFixed(1)} ms`);
    const byInteract = await measure(".c-k .noUi-handle", ".widget-output img");
    const byImage = await measure(".c-s2 .noUi-handle", "img.c-pic, .c-pic img");
    say("slider to a tensor's display through interact", byInteract);
    say("slider to an image widget", byImage);
    expect(byInteract).toHaveLength(25);
    if (screenshots) await page.screenshot({ path: `${screenshots}/picture.png` });
  });

  test("anywidget carries bytes both ways", async () => {
    const esm = `export default { render({ model, el }) {
      el.classList.add("c-any");
      const trip = (count) => new Promise((resolve) => {
        const out = new Float32Array(count).map((_, i) => i % 251);
        const begun = performance.now();
        model.on("msg:custom", function back(content, buffers) {
          model.off("msg:custom", back);
          const ms = performance.now() - begun;
          const view = buffers[0];
          const got = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
          resolve({ ms, isSame: got.length === count && got.every((v, i) => v === (i % 251) + 1) });
        });
        model.send({ count }, undefined, [out.buffer]);
      });
      globalThis.trip = trip;
      const show = () => { el.textContent = "count " + model.get("count") + " of " + new Uint8Array(model.get("bytes").buffer, model.get("bytes").byteOffset, model.get("bytes").byteLength).join(); };
      model.on("change:count", show);
      show();
      el.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
    } };`;
    page = await lab.open("anywidget", [
      `${start}\nconst a = il.anywidget({ esm: ${JSON.stringify(esm)}, css: ".c-any { letter-spacing: 3px }", state: { count: 1, bytes: new Uint8Array([7, 8]) } });\na.on("count", (n) => console.log("count is", n));\na.on("message", (content, [buffer]) => { const f = new Float32Array(buffer!.buffer).map((v) => v + 1); a.send({ ok: true }, [f]); });\na`,
      'const fn = il.anywidget({ state: { n: 1 }, render({ model, el }) { const b = el.ownerDocument.createElement("button"); b.textContent = "from a function"; b.onclick = () => { model.set("n", model.get("n") + 1); model.save_changes(); }; el.append(b); } });\nfn.on("n", (n) => console.log("n is", n));\nfn',
    ]);
    await lab.runAll(page);
    const any = page.locator(".c-any").first();
    await expect.poll(() => any.textContent(), { timeout: patienceMs }).toBe("count 1 of 7,8");
    expect(
      await any.evaluate(
        (el) =>
          (globalThis as never as { getComputedStyle(e: unknown): { letterSpacing: string } }).getComputedStyle(el)
            .letterSpacing,
      ),
    ).toBe("3px");
    await any.click();
    await expect.poll(() => lab.cells(page), { timeout: patienceMs }).toContain("count is 2");
    expect(await any.textContent()).toBe("count 2 of 7,8");
    await page.locator(".jp-OutputArea button", { hasText: "from a function" }).click();
    await expect.poll(() => lab.cells(page), { timeout: patienceMs }).toContain("n is 2");
    // Measured in a browser of its own (see openPlainPage), which finds the widget in the saved notebook and the kernel.
    await lab.save(page);
    await page.close();
    const plain = await openPlainPage(lab.url("anywidget"));
    try {
      await plain.until("globalThis.trip");
      const trips = (count: number, numTrips: number) =>
        plain.evaluate<{ ms: number; isSame: boolean }[]>(
          `(async () => { const all = []; for (let i = 0; i < ${numTrips}; i++) all.push(await trip(${count})); return all; })()`,
        );
      for (const [what, count, numTrips] of [
        ["98 KiB there and back", 98 * 256, 25],
        ["16 MiB there and back", 4 * 1024 * 1024, 10],
      ] as const) {
        const all = await trips(count, numTrips);
        expect(all.every((one) => one.isSame)).toBe(true);
        const times = all.map((one) => one.ms).sort((x, y) => x - y);
        console.log(`${what}: median ${times[times.length >> 1]!.toFixed(1)} ms, fastest ${times[0]!.toFixed(1)} ms`);
      }
    } finally {
      await plain.close();
    }
  });

  test("a tensor's slices and a graph's groups come from the kernel, also after a reload", async () => {
    page = await lab.open("live", [
      `${start}\nimport { graph, tensor, view } from "inferlab";\nconst t = tensor(Float32Array.from({ length: 4 * 40 * 60 }, (_, i) => Math.sin(i * Math.floor(i / 2400))), [4, 40, 60]);\nt`,
      `const g = graph("net");\nlet x: any = g.input("x", "float32", [1, 4]);\nfor (let i = 0; i < 60; i++) x = i % 3 === 1 ? x.matmul(tensor(new Float32Array(16).fill(i), [4, 4])) : i % 3 ? x.relu() : x.tanh();\ng.output("y", x);\nview(g.toModel(), { maxNodes: 8 })`,
    ]);
    await lab.runAll(page);
    const reslice = async (index: string): Promise<void> => {
      const slider = page.locator('.jp-OutputArea label:has-text("axis 0") input');
      await slider.waitFor({ timeout: patienceMs });
      await slider.fill(index);
      await expect
        .poll(() => page.locator(".jp-OutputArea").first().textContent(), { timeout: patienceMs })
        .toContain(`shown: [${index}, :, :]`);
    };
    await reslice("2");
    const graph = page.locator(".jp-CodeCell").nth(1);
    const keys = () => graph.locator("svg [data-key]").count();
    await expect.poll(keys, { timeout: patienceMs }).toBeGreaterThan(0);
    const before = await keys();
    await graph.locator("svg [data-key*='more copies']").first().click();
    await expect.poll(keys, { timeout: patienceMs }).toBeGreaterThan(before);
    await graph.locator("svg [data-key$='MatMul']").first().click();
    await expect.poll(() => graph.textContent(), { timeout: patienceMs }).toContain("float32[4,4] · 64 B");
    if (screenshots) await page.screenshot({ path: `${screenshots}/live.png` });
    await lab.reload(page);
    await reslice("1");
  });
});

declare const KeyboardEventOf: new (type: string, init: object) => unknown;
interface PageDocument {
  querySelector(selector: string): {
    getAttribute(name: string): string | null;
    dispatchEvent(event: unknown): void;
  } | null;
}
