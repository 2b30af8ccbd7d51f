/** The Lab in a real browser: what a person does in the first minutes, and what must not lose their work. */
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { patienceMs } from "../../support/kernel.ts";
import { chromiumPath, Lab, type LabApp, type LabPage } from "../../support/lab.ts";
import { randomSource } from "../../support/random.ts";
import { repositoryRoot } from "../../support/shared.ts";

declare const jupyterapp: LabApp;

/** Screenshots for whoever looks: kept where SCREENSHOTS names a folder. */
const screenshots = process.env["SCREENSHOTS"];

describe.skipIf(!chromiumPath)("the Lab", () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start(18_850);
  }, 600_000);
  afterAll(() => lab?.close());
  afterEach(async () => {
    for (const context of lab.browser.contexts()) for (const page of context.pages()) await page.close();
  });

  let numNotebooks = 0;
  /** A notebook made of the cells, open under a name of its own: no test finds the kernel of another. */
  async function withCells(...sources: string[]): Promise<LabPage> {
    const name = `n${++numNotebooks}.ipynb`;
    await lab.write(name, ...sources);
    return lab.open(name);
  }
  const editor = (page: Page, index: number) => page.locator(".jp-CodeCell .cm-content").nth(index);

  test("opens a notebook, runs it, saves it, and trusts it when it is opened again", async () => {
    const made = 'display({ "text/html": "<b id=made>bold</b>", "text/plain": "bold" })';
    const open = await withCells("const a: number = 20;\na + 1", made);
    await open.runAll();
    await open.has('"text/plain":"21"');
    await open.page.waitForSelector("#made");
    await open.save();
    expect(await readFile(join(lab.folder, open.name), "utf8")).toContain("21");
    await lab.open(open.name, open.page);
    await open.page.waitForSelector("#made"); // an id survives only in trusted output
  });

  test("starts a second time with its own files from the browser's cache", async () => {
    const name = `n${++numNotebooks}.ipynb`;
    await lab.write(name, "1 + 1");
    const context = await lab.browser.newContext();
    const times: number[] = [];
    for (let round = 0; round < 4; round++) {
      const page = await context.newPage();
      const client = await context.newCDPSession(page);
      await client.send("Network.enable");
      const asked = new Map<string, string>();
      const fetched: string[] = [];
      client.on("Network.requestWillBeSent", ({ requestId, request }) => asked.set(requestId, request.url));
      client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
        const url = asked.get(requestId) ?? "";
        if (url.includes("/static/lab/") && encodedDataLength > 0) fetched.push(url);
      });
      const begun = performance.now();
      await page.goto(`${lab.server.openUrl.replace("/lab", `/lab/tree/${name}`)}&reset`, { waitUntil: "commit" });
      await editor(page, 0).waitFor({ timeout: patienceMs });
      times.push(performance.now() - begun);
      if (round > 0) expect(fetched).toEqual([]);
      else expect(fetched.length).toBeGreaterThan(5);
      await page.close();
    }
    const [first, ...later] = times.map((time) => Math.round(time));
    console.log(`from address to cells: first start ${first} ms, later ones ${later.join(", ")} ms`);
    await context.close();
  });

  test("interrupts an endless loop and keeps the variables", async () => {
    const open = await withCells("let kept = 41;", "console.log('round', 'and');\nwhile (true) {}", "kept + 1");
    await open.runAll();
    await open.has("round and"); // the loop has begun
    await open.command("notebook:interrupt-kernel");
    await open.has('"output_type":"error"');
    await open.page.locator(".jp-CodeCell").last().click();
    await open.command("notebook:run-cell");
    await open.has('"text/plain":"42"');
  });

  test("restarts the kernel and forgets the variables", async () => {
    const open = await withCells("let kept = 41;", "typeof kept");
    await open.runAll();
    await open.has("'number'");
    await open.command("kernelmenu:restart");
    await open.page.locator(".jp-Dialog .jp-mod-warn").click();
    await open.ready();
    await open.page.locator(".jp-CodeCell").last().click();
    await open.command("notebook:run-cell");
    await open.has("'undefined'");
  });

  test("says that a kernel was killed, starts it again and keeps the cells", async () => {
    const open = await withCells("process.ppid", "'typed ' + 'here'");
    await open.runAll();
    await open.has("'typed here'");
    const pid = Number(/"text\/plain":"(\d+)"/.exec(await open.cells())![1]);
    process.kill(pid, "SIGKILL");
    await open.page.locator(".jp-Dialog >> text=Kernel Restarting").waitFor();
    await open.page.locator(".jp-Dialog .jp-mod-accept").click();
    await open.ready();
    await open.has("'typed here'");
    await open.page.locator(".jp-CodeCell").first().click();
    await open.command("notebook:run-cell");
    await expect
      .poll(() => open.cells(), { timeout: patienceMs, interval: 250 })
      .not.toContain(`"text/plain":"${pid}"`);
    await open.has('"execution_count":1');
  });

  test("completes members of a live value and shows what a name is", async () => {
    const open = await withCells("const measured = { heightMetres: 3 };", "measured.hei");
    await open.page.locator(".jp-CodeCell").first().click();
    await open.command("notebook:run-cell");
    await open.has('"execution_count":1');
    /** A value that is not known in time is not shown: the key asks again. */
    const shownBy = (key: string, selector: string) =>
      expect
        .poll(
          async () => {
            await open.page.keyboard.press(key);
            const shown = open.page.locator(selector).first().waitFor({ timeout: 10_000 });
            return shown.then(
              () => true,
              () => false,
            );
          },
          { timeout: patienceMs },
        )
        .toBe(true);
    await editor(open.page, 1).click();
    await open.page.keyboard.press("End");
    await shownBy("Tab", ".jp-Completer-item");
    await open.page.keyboard.press("Enter");
    await expect
      .poll(() => editor(open.page, 1).textContent(), { timeout: patienceMs, interval: 200 })
      .toBe("measured.heightMetres");
    await open.page.keyboard.press("Home");
    await open.page.keyboard.press("ArrowRight");
    await shownBy("Shift+Tab", ".jp-Tooltip");
    const tooltip = () => open.page.locator(".jp-Tooltip").first().textContent();
    await expect.poll(tooltip, { timeout: patienceMs }).toContain("heightMetres");
  });

  test("underlines type errors while a cell is written, and says what is wrong", async () => {
    const open = await withCells("const later: number[] = [1];", "later");
    const cell = open.page.locator(".jp-CodeCell").nth(1);
    await editor(open.page, 1).click();
    await open.page.keyboard.press("End");
    await open.page.keyboard.type(".length; const wrong: string = 41 + 1;");
    const underlined = cell.locator(".cm-lintRange-error");
    await expect.poll(() => underlined.allTextContents(), { timeout: patienceMs, interval: 250 }).toEqual(["wrong"]);
    await underlined.hover();
    await open.page.locator(".cm-tooltip-lint").waitFor({ timeout: patienceMs });
    expect(await open.page.locator(".cm-tooltip-lint").textContent()).toContain("Type 'number' is not assignable to");
    if (screenshots) await open.page.screenshot({ path: `${screenshots}/diagnostics.png` });
    for (let key = 0; key < "41 + 1;".length; key++) await open.page.keyboard.press("Backspace");
    await open.page.keyboard.type("'fine';");
    await expect.poll(() => underlined.count(), { timeout: patienceMs, interval: 250 }).toBe(0);
  });

  test("renames a notebook; its kernel goes on", async () => {
    const open = await withCells("let kept = 41;", "kept + 1");
    await open.page.locator(".jp-CodeCell").first().click();
    await open.command("notebook:run-cell");
    await open.has('"execution_count":1');
    const after = `renamed-${open.name}`;
    await open.command("docmanager:rename");
    await open.page.locator(".jp-Dialog input").fill(after);
    await open.page.locator(".jp-Dialog .jp-mod-accept").click();
    const path = () => open.page.evaluate(() => jupyterapp.shell.currentWidget.context.path);
    await expect.poll(path, { timeout: patienceMs, interval: 100 }).toBe(after);
    const files = await readdir(lab.folder);
    expect([files.includes(open.name), files.includes(after)]).toEqual([false, true]);
    await open.page.locator(".jp-CodeCell").last().click();
    await open.command("notebook:run-cell");
    await open.has('"text/plain":"42"');
    const sessions = await lab.api<{ path: string }[]>("/api/sessions");
    expect(sessions.map(({ path }) => path)).toContain(after);
  });

  test("uploads a file larger than one chunk", async () => {
    const open = await withCells("1");
    const bytes = Buffer.alloc(3_500_000, 7);
    const chooser = open.page.waitForEvent("filechooser");
    await open.page.locator("[aria-label='Upload Files']").first().click();
    await (await chooser).setFiles({ name: "big.bin", mimeType: "application/octet-stream", buffer: bytes });
    const size = async () => (await readFile(join(lab.folder, "big.bin")).catch(() => Buffer.alloc(0))).length;
    await expect.poll(size, { timeout: patienceMs, interval: 250 }).toBe(bytes.length);
    expect(bytes.equals(await readFile(join(lab.folder, "big.bin")))).toBe(true);
  });

  test("says in the status bar what the kernel uses and on which engine", async () => {
    const model =
      'import { graph } from "inferlab";\nconst g = graph("g");\nconst x = g.input("x", "float32", [1]);\ng.output("y", x.add(x));';
    const open = await withCells(`${model}\nawait g.toModel().compile({ engine: "reference" });\n"compiled"`);
    await open.runAll();
    await open.has("'compiled'");
    const item = () => open.page.locator(".inferlab-KernelUsage").textContent();
    await expect.poll(item, { timeout: patienceMs, interval: 500 }).toMatch(/^\d+ MB · \d+ % CPU · reference$/);
  });

  test("keeps the output of a cell that runs while the page reloads", async () => {
    const slow =
      'for (let i = 0; i < 8; i++) {\n  console.log("tick " + i);\n  await new Promise((r) => setTimeout(r, 500));\n}';
    const open = await withCells(slow);
    await open.runAll();
    await open.has("tick 1");
    await open.save();
    await open.page.reload();
    await open.page.waitForSelector(".jp-Notebook .jp-CodeCell", { timeout: patienceMs });
    const states = async () =>
      (await lab.api<{ execution_state: string }[]>("/api/kernels")).map((kernel) => kernel.execution_state);
    await expect.poll(states, { timeout: patienceMs, interval: 250 }).not.toContain("busy");
    await open.ready();
    await open.runAll();
    await open.has("tick 7");
  });

  test("two tabs share one kernel", async () => {
    const source = "process.env.RUNS = String(Number(process.env.RUNS ?? 0) + 1);\n'this is run ' + process.env.RUNS";
    const first = await withCells(source);
    await first.runAll();
    await first.has("'this is run 1'");
    const second = await lab.open(first.name);
    await second.runAll();
    await second.has("'this is run 2'");
    const sessions = await lab.api<{ path: string }[]>("/api/sessions");
    expect(sessions.filter((session) => session.path === first.name)).toHaveLength(1);
  });

  test("opens and scrolls 200 cells with 50 MB of outputs", async () => {
    // Noise does not compress: a picture of 290 by 290 takes a quarter of a megabyte.
    const random = randomSource(5);
    const pixels = Buffer.from(Array.from({ length: 290 * 290 * 3 }, () => random() * 256));
    const png = await sharp(pixels, { raw: { width: 290, height: 290, channels: 3 } })
      .png()
      .toBuffer();
    const picture = png.toString("base64");
    const cells = Array.from({ length: 200 }, (_, index) => ({
      cell_type: "code",
      id: `c${index}`,
      source: `// cell ${index}`,
      metadata: {},
      execution_count: index + 1,
      outputs: [
        { output_type: "display_data", metadata: {}, data: { "image/png": picture, "text/plain": "noise" } },
        { output_type: "stream", name: "stdout", text: `end of ${index}\n` },
      ],
    }));
    const kernelspec = { name: "inferlab", display_name: "TypeScript (inferlab)", language: "typescript" };
    const file = JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
    expect(file.length).toBeGreaterThan(50e6);
    await writeFile(join(lab.folder, "large.ipynb"), file);
    const open = await lab.open("large.ipynb");
    await open.page.evaluate(() => {
      const { content } = jupyterapp.shell.currentWidget;
      content.activeCellIndex = 199;
      return content.scrollToItem(199, "end");
    });
    await open.page.waitForFunction(
      () => {
        // biome-ignore lint/performance/useDomNodeTextContent: what is shown, not the cells' hidden text
        const text = (globalThis as unknown as { document: { body: { innerText: string } } }).document.body.innerText;
        return text.includes("end of 199");
      },
      undefined,
      { timeout: patienceMs },
    );
  }, 600_000);

  test("runs the welcome notebook top to bottom", async () => {
    await copyFile(join(repositoryRoot, "notebooks", "welcome.ipynb"), join(lab.folder, "welcome.ipynb"));
    const open = await lab.open("welcome.ipynb");
    await open.runAll();
    await open.shows("inferlab reads this page", 300_000);
    const errors = await open.page
      .locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr'] >> text=Error")
      .count();
    expect(errors).toBe(0);
  });
});
