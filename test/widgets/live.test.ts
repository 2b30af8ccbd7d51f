/** The live parts of displays, asked as a page asks. */
import { inflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import type { Message } from "../../kernel/protocol/messages.ts";
import { ofType, patienceMs, shareKernel, startKernel, until } from "../support/kernel.ts";

interface Reply {
  readonly ask: number;
  readonly html?: string;
  readonly note?: string;
  readonly below?: boolean;
  readonly state?: Record<string, unknown>;
}

let kernel: KernelClient;
const sent: Message[] = [];
let numAsked = 0;

shareKernel(async () => {
  kernel = await startKernel();
  kernel.onStray = (message) => sent.push(message);
  await show('import { graph, tensor, view } from "inferlab"; 0');
  return kernel;
});

/** Runs a cell; the page of its result. */
async function show(code: string): Promise<string> {
  const answer = await kernel.execute(code, { onMessage: (message) => sent.push(message), timeoutMs: patienceMs });
  expect(answer.reply.content["status"], JSON.stringify(answer.reply.content)).toBe("ok");
  const [result] = ofType(answer.published, "execute_result");
  return String((result?.content["data"] as Record<string, unknown> | undefined)?.["text/html"] ?? "");
}

/** What a page says to its kernel's port: the last line but one of its last script (enhance.ts). */
const dataOf = (page: string) => {
  const { uses } = JSON.parse(page.split("\n").at(-2)!) as { readonly uses: { readonly live: LiveData } };
  return uses.live;
};
interface LiveData {
  readonly port: string;
  readonly key: string;
  readonly controls: readonly { readonly name: string; readonly max?: number }[];
}

async function ask(page: string, question: object): Promise<Reply> {
  const { port, key } = dataOf(page);
  const opening = ofType(sent, "comm_open").find((message) => JSON.stringify(message.content).includes(port))!;
  const number = ++numAsked;
  const content = { ask: number, key, question };
  kernel.send("shell", "comm_msg", { comm_id: opening.content["comm_id"], data: { method: "custom", content } });
  const find = () =>
    ofType(sent, "comm_msg")
      .map((message) => (message.content["data"] as { content?: Reply }).content)
      .find((reply) => reply?.ask === number);
  expect(await until(() => find() !== undefined)).toBe(true);
  return find()!;
}

const picture = (html: string | undefined): string => /src="(data:image[^"]+)"/.exec(html ?? "")?.[1] ?? "";

test("a tensor's sliders show other slices of the tensor that the kernel has", async () => {
  const page = await show(
    "const t = tensor(Float32Array.from({ length: 4 * 20 * 30 }, (_, i) => Math.sin(i * i)), [4, 20, 30]);\nt",
  );
  expect(dataOf(page).controls).toEqual([
    { name: "axis0", label: "axis 0", type: "range", max: 3, value: -1 },
    { name: "symlog", label: "symlog", type: "checkbox", value: false },
  ]);
  const [first, third, all] = await Promise.all(
    [{ axis0: 0 }, { axis0: 2 }, { axis0: -1 }].map((question) => ask(page, question)),
  );
  expect(first!.html).toContain("shown: [0, :, :]");
  expect(picture(third!.html)).not.toBe(picture(first!.html));
  expect(picture(all!.html)).toBe(picture(page));
  expect(picture((await ask(page, { axis0: 2, symlog: true })).html)).not.toBe(picture(third!.html));
  expect((await ask(page, { axis0: 99 })).note).toContain("outside axis 0");
  await show("t.data.fill(1); 0");
  expect((await ask(page, { axis0: 0 })).html).toContain("mean 1");
});

test("an answer is a display without controls of its own, and one port serves all", async () => {
  const page = await show("view(t, { slice: [1] })");
  const other = await show("tensor(new Float32Array(900).map((_, i) => i), [30, 30])");
  expect(dataOf(page).port).toBe(dataOf(other).port);
  expect((await ask(page, { axis0: 3 })).html).not.toContain('"port"');
  expect(await show("view(t, { live: false })")).not.toContain('"port"');
});

test("nothing is asked of what is not there", async () => {
  const page = await show("t");
  const { port } = dataOf(page);
  const made = page.replace(dataOf(page).key, "il-000000000000");
  expect((await ask(made, {})).note).toContain("run the cell again");
  expect(port).toMatch(/^il-/);
});

/** Names of what a graph's drawing shows, in its order. */
function drawnKeys(page: string | undefined): string[] {
  const packed = /"svg":"([^"]+)"/.exec(page ?? "")?.[1] ?? "";
  const svg = inflateRawSync(Buffer.from(packed, "base64")).toString();
  return [...svg.matchAll(/data-key="([^"]*)"/g)].map(([, key]) => key!);
}

test("a graph's groups open where they are, and a node shows its weights", async () => {
  const page = await show(`const g = graph("net");
let x: any = g.input("x", "float32", [1, 4]);
const w = (seed: number) => tensor(Float32Array.from({ length: 16 }, (_, k) => Math.cos(seed + k)), [4, 4]);
for (let i = 0; i < 60; i++) x = i % 3 === 1 ? x.matmul(w(i)) : i % 3 ? x.relu() : x.tanh();
g.output("y", x);
view(g.toModel(), { maxNodes: 8 });`);
  expect(dataOf(page).controls).toMatchObject([{ name: "find", type: "search" }]);
  const before = drawnKeys(page);
  const isNode = (key: string) => /(MatMul|Relu|Tanh)$/.test(key);
  const group = before.find((key) => !isNode(key) && !/^(input|output) /.test(key))!;
  expect(group, before.join()).toBeDefined();
  let reply = await ask(page, { key: group, nth: 0 });
  for (let depth = 0; depth < 6 && !drawnKeys(reply.html).some((key) => /MatMul$/.test(key)); depth++) {
    const next = drawnKeys(reply.html).find((key) => !isNode(key) && !/^(input|output) /.test(key))!;
    reply = await ask(page, { ...reply.state, key: next, nth: 0 });
  }
  expect(reply.below).toBe(false);
  const opened = drawnKeys(reply.html);
  expect(opened.length).toBeGreaterThan(before.length);
  const weight = await ask(page, { ...reply.state, key: opened.find((key) => /MatMul$/.test(key)), nth: 0 });
  expect(weight.below).toBe(true);
  expect(weight.html).toMatch(/MatMul .*float32\[4,4\] · 64 B/s);
  expect((await ask(page, { find: "no such thing anywhere" })).note).toContain("nothing here has that name");
});
