import { expect, test } from "vitest";
import { graph, init, tensor } from "../../src/api/index.ts";
import { display, displaySymbol, type MimeBundle } from "../../src/base/display-hook.ts";
import { Exploration, explore } from "../../src/profile/explore.ts";
import { expectGoodOutput, outputBytes, untrusted } from "../display/golden.ts";
import { transformer } from "../display/graphs.ts";
import { chromiumPath } from "../support/lab.ts";
import { probe } from "../support/probe.ts";
import { traceOf } from "./traces.ts";

if (!chromiumPath) console.log("skipped: 2 tests in a browser, no Chromium is installed");

function net() {
  const g = graph("net");
  let x = g.input("x", "float32", [1, 8, 16, 16]);
  for (let i = 0; i < 4; i++) x = x.conv(init.normal([8, 8, 3, 3], i), { pads: [1, 1, 1, 1] }).relu();
  g.output("y", x.globalAveragePool().flatten().softmax());
  return g.toModel();
}
const feeds = {
  x: tensor(
    Float32Array.from({ length: 2048 }, (_, i) => Math.sin(i / 9)),
    [1, 8, 16, 16],
  ),
};

test("keeps every tensor beside its instruction, and shows them without scripts", async () => {
  const exploration = await explore(await net().compile({ engine: "reference" }), feeds);
  expect(exploration.steps.every((step) => step.tensor !== undefined && step.nodes.length > 0)).toBe(true);
  const shown = (await exploration[displaySymbol]()) as MimeBundle;
  expectGoodOutput(shown);
  const page = untrusted(shown);
  expect(page.match(/<img/g)!.length).toBe(3);
  expect(page).toContain("Conv");
});

test("keeps what moves in it where a net has hundreds of instructions", async () => {
  const net = transformer(24);
  const trace = traceOf(net.nodes.map(({ name, op }, i) => ({ node: name, op, us: 10 + (i % 7) })));
  const maps = feeds.x.reshape([8, 16, 16]);
  const steps = trace.events.map((event) => ({ event, nodes: [event.node], tensor: maps }));
  const shown = (await display("exploration", { trace, steps, graph: net }))!;
  expectGoodOutput(shown);
  const scripts = String(shown["text/html"]).match(/"uses":\{"\w+"/g);
  expect(scripts).toEqual(['"uses":{"drawing"', '"uses":{"explore"']);
});

test.skipIf(!chromiumPath)("one selection goes through timeline, pictures, list and graph", async () => {
  const exploration = await explore(await net().compile({ engine: "reference" }), feeds);
  const shown = (await exploration[displaySymbol]()) as MimeBundle;
  const steps = exploration.steps.length;
  const found = await probe(
    String(shown["text/html"]),
    `const range = document.querySelector("input[type=range]"), said = () => range.nextSibling.textContent;
out.max = range.max; out.first = said();
range.value = 2; range.dispatchEvent(new Event("input")); out.third = said();
out.drawn = [...document.querySelector("canvas").getContext("2d").getImageData(20, 20, 1, 1).data][3];
const row = document.querySelectorAll("tbody tr")[2]; out.row = row.style.outline;
document.querySelectorAll("tbody tr")[0].click(); out.byRow = said();
const [time, sheet] = document.querySelectorAll("img"); let box = time.getBoundingClientRect();
time.dispatchEvent(new MouseEvent("click", { clientX: box.right - 1, clientY: box.top + 5, bubbles: true })); out.byTime = said();
box = sheet.getBoundingClientRect(); sheet.dispatchEvent(new MouseEvent("click", { clientX: box.left + 40, clientY: box.top + 5, bubbles: true })); out.bySheet = said();
const keys = [...document.querySelectorAll("svg [data-key]")]; out.keys = keys.length;
keys.find((k) => k.dataset.key.endsWith(" Relu")).dispatchEvent(new MouseEvent("click", { bubbles: true })); out.byGraph = said(); out.marked = keys.filter((k) => k.style.fontWeight).map((k) => k.dataset.key).join();`,
    'document.querySelector("svg [data-key]")',
  );
  expect(found["errors"]).toEqual([]);
  expect(found["max"]).toBe(String(steps - 1));
  expect(found["first"]).toContain("#0 ");
  expect(found["third"]).toContain("#2 ");
  expect(found).toMatchObject({ drawn: 255 });
  expect(found["byGraph"]).toMatch(/#\d+ FusedConv/);
  expect(found["marked"]).toMatch(/ Relu(,|$)/);
  expect(found["row"]).toMatch(/solid/);
  expect(found["byRow"]).toContain("#0 ");
  expect(found["byTime"]).toContain(`#${steps - 1} `);
  expect(found["bySheet"]).toContain("#1 ");
  expect(found["keys"]).toBeGreaterThan(1);
});

/** Two instructions, the first shared by two threads. */
const shared = () => {
  const trace = traceOf([
    { node: "first", us: 60 },
    { node: "second", op: "Relu", us: 40 },
  ]);
  const stints = [
    { thread: 0, startUs: 1, endUs: 59, busyUs: 58 },
    { thread: 1, startUs: 10, endUs: 50, busyUs: 40 },
  ];
  return { ...trace, threads: 2, events: [{ ...trace.events[0]!, stints }, trace.events[1]!] };
};

test.skipIf(!chromiumPath)("a timeline has a lane a thread, and is enlarged by keys, wheel and drag", async () => {
  const shown = (await display("trace", shared())) as MimeBundle;
  expectGoodOutput(shown);
  const found = await probe(
    String(shown["text/html"]),
    `const img = document.querySelector("img"), canvas = document.querySelector("canvas"), said = () => document.querySelector("img + output").textContent;
const point = (el, type, x, y, more) => { const b = el.getBoundingClientRect(); el.dispatchEvent(new PointerEvent(type, { clientX: b.left + b.width * x, clientY: b.top + b.height * y, bubbles: true, ...more })); };
const key = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const inked = () => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].filter((v, i) => i % 4 === 3 && v > 200).length;
out.hidden = getComputedStyle(canvas).display;
point(img, "pointermove", .3, .75); out.second = said();
point(img, "pointermove", .7, .75); out.nobody = said();
img.focus(); key("ArrowRight"); out.stepped = said(); key("ArrowRight"); out.again = said();
key("+"); out.shown = getComputedStyle(canvas).display; out.image = getComputedStyle(img).display; out.focus = document.activeElement === canvas; out.inked = inked() > 100;
point(canvas, "pointermove", .5, .25); out.middle = said();
const b = canvas.getBoundingClientRect();
canvas.setPointerCapture = () => {};
point(canvas, "pointerdown", .2, .25, { pointerId: 1 }); point(canvas, "pointermove", .9, .25); point(canvas, "pointerup", .9, .25);
point(canvas, "pointermove", .99, .25); out.dragged = said();
key("0"); out.full = getComputedStyle(canvas).display;
img.dispatchEvent(new WheelEvent("wheel", { deltaY: -1, ctrlKey: true, bubbles: true, cancelable: true })); out.wheel = getComputedStyle(canvas).display;`,
  );
  expect(found).toMatchObject({ errors: [], hidden: "none", shown: "block", image: "none", focus: true, inked: true });
  expect(found["second"]).toBe("first · Conv · 40 µs on thread 1");
  expect(found["nobody"]).toBe("");
  expect([found["stepped"], found["again"]]).toEqual([
    "first · Conv · 60 µs on thread 0",
    "first · Conv · 40 µs on thread 1",
  ]);
  expect(found["middle"]).toContain("first");
  expect(found["dragged"]).toContain("first");
  expect([found["full"], found["wheel"]]).toEqual(["none", "block"]);
});

test("escapes names, and shows a run of nothing", async () => {
  const evil = traceOf([{ node: "</script><img src=x onerror=alert(1)>", us: 3 }]);
  const shown = (await new Exploration(net().graph, evil)[displaySymbol]()) as MimeBundle;
  expectGoodOutput(shown);
  expect(String(shown["text/html"])).not.toContain("</script><img");
  expectGoodOutput((await new Exploration(net().graph, traceOf([]))[displaySymbol]()) as MimeBundle);
});

test.skipIf(!chromiumPath)("a trace of 100,000 events stays below 1 MB and opens", async () => {
  const long = traceOf(
    Array.from({ length: 100_000 }, (_, i) => ({
      node: `/layer${i >> 5}/node${i}`,
      op: `Op${i % 9}`,
      us: 1 + (i % 7),
    })),
  );
  const { graph: small } = net();
  for (const shown of [await display("trace", long), await new Exploration(small, long)[displaySymbol]()]) {
    expect(outputBytes(shown as MimeBundle)).toBeLessThan(1e6);
    expectGoodOutput(shown as MimeBundle);
    const found = await probe(String((shown as MimeBundle)["text/html"]), "out.images = document.images.length;");
    expect(found).toMatchObject({ errors: [] });
  }
});
