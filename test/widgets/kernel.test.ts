/** Widgets as a page sees them: messages of the widget protocol to and from a kernel. */
import { expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import type { Message } from "../../kernel/protocol/messages.ts";
import { models } from "../../src/widgets/models.gen.ts";
import { ofType, patienceMs, printed, result, shareKernel, startKernel, until } from "../support/kernel.ts";

type State = Record<string, unknown>;
interface Update {
  readonly method: string;
  readonly state: State;
  readonly buffer_paths: unknown[];
  readonly content?: unknown;
}

let kernel: KernelClient;
/** Every comm message the kernel sent, in order. */
const sent: Message[] = [];

shareKernel(async () => {
  kernel = await startKernel();
  kernel.onStray = (message) => sent.push(message);
  await run('import * as il from "inferlab"; import { widgets } from "inferlab";');
  return kernel;
});

/** Runs a cell and keeps its messages; fails where the cell does. */
async function run(code: string) {
  const answer = await kernel.execute(code, { onMessage: (message) => sent.push(message), timeoutMs: patienceMs });
  expect(answer.reply.content["status"], JSON.stringify(answer.reply.content)).toBe("ok");
  return answer;
}

const viewType = "application/vnd.jupyter.widget-view+json";
function idOf(answer: { readonly published: readonly Message[] }): string {
  const shown = answer.published.find((message) => /execute_result|display_data/.test(message.header.msg_type));
  return ((shown!.content["data"] as State)[viewType] as { model_id: string }).model_id;
}
const commData = (message: Message): Update => message.content["data"] as Update;
const openings = (): Message[] => ofType(sent, "comm_open");
const stateOf = (id: string): State => commData(openings().find((message) => message.content["comm_id"] === id)!).state;
const messagesOf = (id: string, method: string): Message[] =>
  ofType(sent, "comm_msg").filter((m) => m.content["comm_id"] === id && commData(m).method === method);

/** A page's message; resolves at its idle. */
async function page(id: string, data: object, buffers: readonly Uint8Array[] = []): Promise<Message[]> {
  const from = sent.length;
  const messageId = kernel.send("shell", "comm_msg", { comm_id: id, data }, { buffers });
  const idle = () =>
    sent.some(
      (m) =>
        m.header.msg_type === "status" &&
        m.parentHeader.msg_id === messageId &&
        m.content["execution_state"] === "idle",
    );
  expect(await until(idle)).toBe(true);
  return sent.slice(from);
}
const update = (id: string, state: State, paths: unknown[] = [], buffers: readonly Uint8Array[] = []) =>
  page(id, { method: "update", state, buffer_paths: paths }, buffers);
const text = (messages: readonly Message[], name: string): string => printed({ published: messages }, name);

test("a slider opens its models in order, is shown with fallbacks, and hears of the page", async () => {
  const made = await run(
    'const s1 = il.slider({ min: 1, max: 9, value: 3, description: "<k>", style: { handleColor: "red" } });\ns1.on("value", (value, previous) => console.log(previous, "to", value));\ns1',
  );
  const id = idOf(made);
  const state = stateOf(id);
  expect(state).toMatchObject({ _model_name: "IntSliderModel", _view_name: "IntSliderView", min: 1, max: 9, value: 3 });
  const style = String(state["style"]).replace("IPY_MODEL_", "");
  expect(stateOf(style)).toMatchObject({ _model_name: "SliderStyleModel", handle_color: "red" });
  const order = openings().map((message) => message.content["comm_id"]);
  expect(order.indexOf(style)).toBeLessThan(order.indexOf(id));
  const data = ofType(made.published, "execute_result")[0]!.content["data"] as Record<string, string>;
  expect(data["text/plain"]).toBe('IntSlider { description: "<k>", max: 9, min: 1, value: 3 }');
  expect(data["text/html"]).toContain("&lt;k&gt;: <b>3</b>");

  const answer = await update(id, { value: 7 });
  expect(text(answer, "stdout")).toBe("3 to 7\n");
  // Late output comes under the cell that listens, the echo under the page's message.
  const stream = ofType(answer, "stream")[0]!;
  expect(stream.parentHeader.msg_id).toBe(made.reply.parentHeader.msg_id);
  expect(messagesOf(id, "echo_update")).toHaveLength(1);
  expect(messagesOf(id, "update")).toHaveLength(0);
  expect(result(await run("s1.value"))).toBe("7");
});

test("setting attributes sends one message, and none where nothing changes", async () => {
  const id = idOf(await run("const s2 = il.slider(); s2"));
  await run("s2.set({ max: 50, value: 20 }); s2.set({ max: 50 }); s2.value = 20; s2.disabled = true");
  expect(messagesOf(id, "update").map((message) => commData(message).state)).toEqual([
    { max: 50, value: 20 },
    { disabled: true },
  ]);
  await run('s2.layout.width = "40%"');
  const layout = String(stateOf(id)["layout"]).replace("IPY_MODEL_", "");
  expect(commData(messagesOf(layout, "update")[0]!).state).toEqual({ width: "40%" });
});

test("values outside the range are fitted, on both sides", async () => {
  const id = idOf(await run("const s3 = il.slider({ min: 0, max: 10, value: 99 }); s3"));
  expect(stateOf(id)["value"]).toBe(10);
  await update(id, { value: -5 });
  expect(commData(messagesOf(id, "update").at(-1)!).state).toEqual({ value: 0 });
  await run("s3.max = 4; s3.value = 9");
  expect(result(await run("s3.value"))).toBe("4");
});

test.each([
  ["il.slider({ value: '3' })", 'IntSlider.value is "3", expected a whole number'],
  ["il.slider({ min: 5, max: 1 })", "min is 5 and max is 1"],
  ["il.slider({ colour: 'red' })", 'has no attribute "colour"'],
  ["il.button({ buttonStyle: 'loud' })", 'expected "primary", "success"'],
  ["il.dropdown({ options: ['a', 'b'], value: 'c' })", "expected one of its options"],
  ["widgets.timePicker({ value: '25:00' })", "expected hh:mm"],
  ["il.vbox([5])", "VBox.children[0] is 5, expected a widget"],
  ["il.anywidget({ state: { a: 1 } })", "neither render nor esm"],
  ["il.interact(() => 1, { a: [] })", 'parameter "a" is []'],
])("%s is refused", async (code, message) => {
  const answer = await kernel.execute(code);
  expect(`${answer.reply.content["evalue"]}`).toContain(message);
});

test("a listener that throws shows its error under its cell, and the kernel goes on", async () => {
  const made = await run(
    'const b1 = il.button({ description: "x" }); b1.on("click", () => { throw new RangeError("boom") }); b1',
  );
  const id = idOf(made);
  const answer = await page(id, { method: "custom", content: { event: "click" } });
  expect(text(answer, "stderr")).toMatch(
    /Uncaught in the listener to "click" of Button: RangeError: boom\n {4}at .*cell\[\d+\]:1/,
  );
  expect(ofType(answer, "stream")[0]!.parentHeader.msg_id).toBe(made.reply.parentHeader.msg_id);
  await run('b1.on("click", async () => { await 0; throw new Error("later boom") })');
  expect(text(await page(id, { method: "custom", content: { event: "click" } }), "stderr")).toContain("later boom");
  expect(result(await run("1 + 1"))).toBe("2");
});

test("nonsense of a page is refused in words, and the page is put right", async () => {
  const id = idOf(await run("const s4 = il.slider({ value: 3 }); s4"));
  const refused = async (data: object, buffers: Uint8Array[] = []) => text(await page(id, data, buffers), "stderr");
  expect(await refused({ method: "update", state: { value: "high" } })).toContain(
    'value is "high", expected a whole number',
  );
  expect(commData(messagesOf(id, "update").at(-1)!).state).toEqual({ value: 3 });
  expect(await refused({ method: "update" })).toContain("no state");
  expect(await refused({ method: "explode" })).toContain('has the method "explode"');
  expect(await refused({ method: "update", state: {}, buffer_paths: [["a"]] })).toContain(
    "names 1 buffers and carries 0",
  );
  const one = [new Uint8Array(1)];
  expect(await refused({ method: "update", state: {}, buffer_paths: [] }, one)).toContain(
    "names 0 buffers and carries 1",
  );
  expect(await refused({ method: "update", state: {}, buffer_paths: [["a", 0]] }, one)).toContain("which is nowhere");
  expect(await refused({ method: "update", state: {}, buffer_paths: [["__proto__", "x"]] }, one)).toContain("nowhere");
  expect(await refused({ method: "update", state: { unknown_key: 1 }, buffer_paths: [] })).toBe("");
  expect(result(await run("s4.value"))).toBe("3");
});

test("choices travel as labels and an index", async () => {
  const id = idOf(
    await run(
      'const d1 = il.dropdown({ options: { one: 1, two: 2, three: 3 }, value: 2 });\nd1.on("value", (v) => console.log("value", v));\nd1.on("label", (v) => console.log("label", v));\nd1',
    ),
  );
  expect(stateOf(id)).toMatchObject({ _options_labels: ["one", "two", "three"], index: 1 });
  expect(text(await update(id, { index: 2 }), "stdout")).toBe("value 3\nlabel three\n");
  expect(result(await run('d1.options = ["x", "y"]; [d1.value, d1.label, d1.index]'))).toBe("[ 'x', 'x', 0 ]");
  expect(text(await update(id, { index: 9 }), "stderr")).toContain("index is 9, expected 0 to 1");
  const several = "const m1 = widgets.selectMultiple({ options: ['a', 'b', 'c'], value: ['a', 'c'] });";
  expect(result(await run(`${several} [m1.index, (m1.value = ['b'], m1.index), m1.label]`))).toBe(
    "[ [ 0, 2 ], [ 1 ], [ 'b' ] ]",
  );
});

test("dates and times have the page's parts", async () => {
  const id = idOf(await run('const t1 = widgets.timePicker({ value: "08:05" }); t1'));
  expect(stateOf(id)["value"]).toEqual({ hours: 8, minutes: 5, seconds: 0, milliseconds: 0 });
  await update(id, { value: { hours: 23, minutes: 1, seconds: 2, milliseconds: 30 } });
  expect(result(await run("t1.value"))).toBe("'23:01:02.030'");
  const date = idOf(await run('const t2 = widgets.datePicker({ value: "2024-02-29" }); t2'));
  expect(stateOf(date)["value"]).toEqual({ year: 2024, month: 1, date: 29 });
  await update(date, { value: { year: 2025, month: 11, date: 31 } });
  expect(result(await run("t2.value.toISOString()"))).toBe("'2025-12-31T00:00:00.000Z'");
  await update(date, { value: null });
  expect(result(await run("t2.value"))).toBe("null");
  const local = idOf(
    await run("const t3 = widgets.naiveDatetimePicker({ value: new Date(2024, 0, 2, 3, 4, 5, 6) }); t3"),
  );
  expect(stateOf(local)["value"]).toMatchObject({ year: 2024, month: 0, date: 2, hours: 3, minutes: 4, seconds: 5 });
});

test("bytes go both ways beside the JSON", async () => {
  const id = idOf(await run("const i1 = widgets.image({ value: new Uint8Array([1, 2, 3]), format: 'png' }); i1"));
  const opening = openings().find((message) => message.content["comm_id"] === id)!;
  expect(commData(opening).buffer_paths).toEqual([["value"]]);
  expect([...opening.buffers[0]!]).toEqual([1, 2, 3]);
  const any = idOf(
    await run(
      'const a1 = il.anywidget({ render() {}, state: { data: new Float32Array(2), n: [null, 1] } }); a1.on("data", (d) => a1.send({ got: d.length }, [d])); a1',
    ),
  );
  await update(any, {}, [["data"]], [new Uint8Array(new Float32Array([1.5, 2.5, 3.5]).buffer)]);
  const reply = messagesOf(any, "custom").at(-1)!;
  expect(commData(reply).content).toEqual({ got: 12 });
  expect([...new Float32Array(new Uint8Array(reply.buffers[0]!).buffer)]).toEqual([1.5, 2.5, 3.5]);
});

test("a page that reloads gets every state, and one state when it asks", async () => {
  const id = idOf(await run("const r1 = il.slider({ value: 5 }); r1.value = 6; r1"));
  kernel.send("shell", "comm_open", { comm_id: "control", target_name: "jupyter.widget.control", data: {} });
  const answer = await page("control", { method: "request_states" });
  const states = (commData(ofType(answer, "comm_msg")[0]!) as unknown as { states: Record<string, State> }).states;
  expect(states[id]).toMatchObject({ model_name: "IntSliderModel", state: { value: 6, _view_name: "IntSliderView" } });
  expect(commData(ofType(await page(id, { method: "request_state" }), "comm_msg")[0]!).state["value"]).toBe(6);
  const info = (await kernel.request("comm_info_request", { target_name: "jupyter.widget" })).reply.content;
  expect(Object.keys(info["comms"] as object)).toContain(id);
  await run("r1.close(); r1.value = 1");
  const closed = ofType(sent, "comm_close").map((message) => message.content["comm_id"]);
  expect(closed).toContain(id);
  expect(closed).toContain(String(stateOf(id)["layout"]).replace("IPY_MODEL_", ""));
  const after = (await kernel.request("comm_info_request", { target_name: "jupyter.widget" })).reply.content;
  expect(Object.keys(after["comms"] as object)).not.toContain(id);
});

test("a page may make a widget of a model there is", async () => {
  const state = {
    _model_name: "ControllerButtonModel",
    _model_module: "@jupyter-widgets/controls",
    value: 0.5,
    pressed: true,
  };
  kernel.send("shell", "comm_open", {
    comm_id: "gamepad",
    target_name: "jupyter.widget",
    data: { state, buffer_paths: [] },
  });
  expect(commData(ofType(await page("gamepad", { method: "request_state" }), "comm_msg")[0]!).state).toMatchObject({
    pressed: true,
    value: 0.5,
  });
  kernel.send("shell", "comm_open", {
    comm_id: "none",
    target_name: "jupyter.widget",
    data: { state: { _model_name: "Nothing" } },
  });
  expect(await until(() => ofType(sent, "comm_close").some((m) => m.content["comm_id"] === "none"))).toBe(true);
});

test("a cell waits for the page while it runs", async () => {
  const id = idOf(await run("const b2 = il.button({ description: 'go' }); b2"));
  const heard = sent.length;
  const waiting = run('const click = b2.next("click"); console.log("listening"); await click; "pressed"');
  await until(() => ofType(sent.slice(heard), "stream").length > 0);
  await page(id, { method: "custom", content: { event: "click" } });
  expect(result(await waiting)).toBe("'pressed'");
});

test("an output takes what its code prints, shows and throws", async () => {
  const id = idOf(await run("const o1 = il.output(); o1"));
  const answer = await run(
    'const h1 = await o1.capture(async () => { console.log("one"); const h = display("shown"); await 0; console.log("two"); return h; });\nconsole.log("outside");',
  );
  expect(printed(answer)).toBe("outside\n");
  const outputs = () => commData(messagesOf(id, "update").at(-1)!).state["outputs"] as State[];
  expect(outputs()).toMatchObject([
    { output_type: "stream", name: "stdout", text: "one\n" },
    { output_type: "display_data", data: { "text/plain": "'shown'" } },
    { output_type: "stream", name: "stdout", text: "two\n" },
  ]);
  await run('await o1.capture(() => { h1.update("changed") })');
  expect(outputs()[1]).toMatchObject({ data: { "text/plain": "'changed'" } });
  const failed = await kernel.execute('o1.clear(); await o1.capture(() => { throw new Error("inner") })', {
    onMessage: (message) => sent.push(message),
  });
  expect(failed.reply.content["ename"]).toBe("Error");
  expect(outputs()).toMatchObject([{ output_type: "error", ename: "Error", evalue: "inner" }]);
});

test("interact shows controls and the latest result", async () => {
  const id = idOf(
    await run(
      'const ia = il.interact(({ k, name, on }) => { console.log("k", k); return name + k + on; }, { k: [0, 10], name: "n", on: true, ...({}) });\nia',
    ),
  );
  const children = (stateOf(id)["children"] as string[]).map((child) => child.replace("IPY_MODEL_", ""));
  expect(children.map((child) => stateOf(child)["_model_name"])).toEqual([
    "IntSliderModel",
    "TextModel",
    "CheckboxModel",
    "OutputModel",
  ]);
  const out = children.at(-1)!;
  const answer = await update(children[0]!, { value: 8 });
  const shown = messagesOf(out, "update").at(-1)!;
  expect(answer).toContain(shown);
  expect(commData(shown).state["outputs"]).toMatchObject([
    { output_type: "stream", text: "k 8\n" },
    { output_type: "display_data", data: { "text/plain": "'n8true'" } },
  ]);
  await run("ia.close()");
  const closed = ofType(sent, "comm_close").map((message) => message.content["comm_id"]);
  for (const child of [...children, id]) expect(closed).toContain(child);
});

test("interact runs only the last of many movements, and tells the run it overtakes", async () => {
  const made = await run(
    `const seen: unknown[] = [];
let open = () => {};
let gate: Promise<void> = Promise.resolve();
const slow = il.interact(
  async ({ k }, { signal }) => {
    await gate;
    seen.push([k, signal.aborted]);
    if (k === 99) throw new Error("bad k");
    return k;
  },
  { k: [0, 100] },
);
await slow.update();
seen.length = 0;
gate = new Promise((resolve) => (open = resolve));
slow`,
  );
  const slider = (stateOf(idOf(made))["children"] as string[])[0]!.replace("IPY_MODEL_", "");
  for (const value of [1, 2, 3, 4])
    kernel.send("shell", "comm_msg", { comm_id: slider, data: { method: "update", state: { value } } });
  const all = await run("open(); while (seen.length < 2) await new Promise((r) => setTimeout(r, 5)); seen");
  expect(result(all)).toBe("[ [ 1, true ], [ 4, false ] ]");
  await update(slider, { value: 99 });
  expect(result(await run("slow.output.outputs.map((o) => o.ename + ': ' + o.evalue)"))).toBe("[ 'Error: bad k' ]");
});

test("a widget under a display id is replaced and frozen", async () => {
  const answer = await run(
    'const dh = display(il.slider({ value: 2 })); dh.update({ "text/plain": "done", "text/html": "<b>done</b>" })',
  );
  const [shown] = ofType(answer.published, "display_data");
  const [frozen] = ofType(answer.published, "update_display_data");
  expect(frozen!.content["transient"]).toEqual(shown!.content["transient"]);
  expect(frozen!.content["data"]).toEqual({ "text/plain": "done", "text/html": "<b>done</b>" });
});

test("progress moves, freezes, and says where a loop was left", async () => {
  const lines = (answer: { published: readonly Message[] }): string[] =>
    answer.published
      .filter((message) => /display_data$/.test(message.header.msg_type))
      .map((message) => (message.content["data"] as Record<string, string>)["text/plain"]!);
  const whole = await run(
    "let sum = 0; for (const i of il.progress(50, { label: 'adding' })) sum += i; console.log(sum)",
  );
  expect(printed(whole)).toBe("1225\n");
  expect(lines(whole)[0]).toMatch(/^adding {2} {2}0 % ░+ {2}0\/50/);
  expect(lines(whole).at(-1)).toMatch(/^adding {2}100 % █+ {2}50\/50, .*\/s$/);
  expect(ofType(whole.published, "display_data")).toHaveLength(1);
  const left = await run("for (const i of il.progress(['a', 'b', 'c', 'd'])) if (i === 'c') break;");
  expect(lines(left).at(-1)).toMatch(/50 % .*2\/4.*stopped$/);
  const stream = "async function* make() { for (let i = 0; i < 3; i++) { await 0; yield i; } }";
  const unknown = await run(`${stream}\nlet n = 0; for await (const i of il.progress(make())) n += i; n`);
  expect(result(unknown)).toBe("3");
  expect(lines(unknown).at(-1)).toMatch(/100 % █+ {2}3, /);
  const slow = await run("for await (const i of il.progress(4)) await new Promise((r) => setTimeout(r, 120));");
  expect(lines(slow).length).toBeGreaterThanOrEqual(4);
});

test("progress is frozen where its loop was interrupted", async () => {
  const published: Message[] = [];
  const running = kernel.execute("for (const i of il.progress(1e6)) { for (let j = 0; j < 1e6; j++); }", {
    onMessage: (message) => published.push(message),
  });
  await until(() => ofType(published, "update_display_data").length > 0);
  await kernel.interrupt();
  expect(result(await running)).toMatch(/^KeyboardInterrupt/);
  const last = ofType(published, "update_display_data").at(-1)!.content["data"] as Record<string, string>;
  expect(last["text/plain"]).toMatch(/stopped$/);
});

test("every control of the table is made, opened and shown", async () => {
  const parts = /^(Layout|\w*Style|Controller(Axis|Button)|(Directional)?Link)$/;
  const controls = Object.keys(models).filter((name) => !parts.test(name));
  const answer = await run(
    "for (const [name, make] of Object.entries(widgets)) if (!/^(layout|jslink|jsdlink|anywidget|interact|progress)$/.test(name)) display(make());",
  );
  const shown = ofType(answer.published, "display_data").map((message) => message.content["data"] as State);
  const names = shown.map((data) => String(data["text/plain"]).split(" ")[0]!);
  expect([...new Set(names)].sort()).toEqual(controls.sort());
  for (const data of shown) {
    expect(data[viewType]).toBeDefined();
    expect(data["text/html"]).toBeTypeOf("string");
  }
});
