/** Errors of a cell that is being written, as the Lab asks for them. */
import { expect, test } from "vitest";
import type { KernelClient } from "../../kernel/client/client.ts";
import type { Json } from "../../kernel/protocol/messages.ts";
import { begin, patienceMs, shareKernel, startKernel } from "../support/kernel.ts";

let kernel: KernelClient;
shareKernel(async () => {
  kernel = await startKernel();
  return kernel;
});

async function diagnostics(code: string, ...others: string[]): Promise<Json[]> {
  const content = { code, others };
  const { reply } = await kernel.request("diagnostics_request", content, { channel: "control", timeoutMs: patienceMs });
  return reply.content["diagnostics"] as Json[];
}

test("an error has its place, its number and TypeScript's words", async () => {
  expect(await diagnostics('const n: number = 1;\nconst s: string = "é" + n, t: string = n;')).toEqual([
    {
      code: 2322,
      message: "Type 'number' is not assignable to type 'string'.",
      start: { line: 1, character: 27 },
      end: { line: 1, character: 28 },
    },
  ]);
  expect(await diagnostics('%env A=1\nimport { tensor } from "inferlab"; tensor([1]).nothing')).toMatchObject([
    { code: 2339, start: { line: 1, character: 47 }, end: { line: 1, character: 54 } },
  ]);
  expect((await diagnostics("const = 1")).length).toBeGreaterThan(0);
});

test("names of cells that have run have their types, those of cells that have not may be anything", async () => {
  await kernel.execute("const measured = { heightMetres: 3 };\ninterface Named { name: string }");
  expect(await diagnostics("measured.height")).toMatchObject([{ code: 2339 }]);
  expect(await diagnostics("const x: Named = { nam: 1 };")).not.toEqual([]);
  expect(await diagnostics("notDeclaredAnywhere")).toMatchObject([{ code: 2304 }]);
  const others = ["const later = 1, name = [1];", "interface Later<T> { t: T }", "const = broken"];
  expect(await diagnostics("later + 1; name.map((x: number) => x); let l: Later<number>;", ...others)).toEqual([]);
});

test("a cell is checked while another runs, and again after the kernel was asked nonsense", async () => {
  const { done } = await begin(kernel, "console.log('loops'); while (true) {}");
  expect(await diagnostics("const wrong: string = 1;")).toMatchObject([{ code: 2322 }]);
  await kernel.interrupt();
  await done;
  const content = { code: 7, others: [null, 3, {}] };
  const { reply } = await kernel.request("diagnostics_request", content, { channel: "control", timeoutMs: patienceMs });
  expect(reply.content).toMatchObject({ status: "ok", diagnostics: [] });
  expect(await diagnostics("%%time\nconst s: string = 1;")).toEqual([]);
});
