/** The debugger as a person uses it in the Lab: the bug in the toolbar, a click beside a line, the panel's buttons. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { patienceMs } from "../../support/kernel.ts";
import { chromiumPath, Lab, type LabApp, type LabPage } from "../../support/lab.ts";

declare const jupyterapp: LabApp;

/** Screenshots for whoever looks: kept where SCREENSHOTS names a folder. */
const screenshots = process.env["SCREENSHOTS"];

describe.skipIf(!chromiumPath)("the debugger in the Lab", () => {
  let lab: Lab;
  let numNotebooks = 0;

  beforeAll(async () => {
    lab = await Lab.start(18_890);
  }, 600_000);
  afterAll(() => lab?.close());
  afterEach(async () => {
    for (const context of lab.browser.contexts()) for (const page of context.pages()) await page.close();
  });

  /** A new notebook with its debugger on. */
  async function debugging(...sources: string[]): Promise<LabPage> {
    const name = `debug${++numNotebooks}.ipynb`;
    await lab.write(name, ...sources);
    const page = await lab.browser.newPage({ viewport: { width: 1500, height: 900 } });
    const open = await lab.open(name, page);
    const bug = page.locator(".jp-DebuggerBugButton:not(.disabled)");
    await bug.waitFor({ timeout: patienceMs });
    // A press may be forgotten while JupyterLab still asks the kernel whether it has a debugger.
    const pressed = page.locator(".jp-DebuggerBugButton[aria-pressed=true]");
    const press = async (): Promise<boolean> => {
      await bug.click();
      return pressed.waitFor({ timeout: 20_000 }).then(
        () => true,
        () => false,
      );
    };
    await expect.poll(press, { timeout: patienceMs }).toBe(true);
    await page.locator(".jp-CodeCell .cm-breakpoint-gutter").first().waitFor({ timeout: patienceMs });
    return open;
  }

  /** The breakpoints that the kernel has, asked for as JupyterLab's debugger does. */
  const kernelBreakpoints = (page: Page) =>
    page.evaluate(async () => {
      const { session } = jupyterapp.shell.currentWidget.context.sessionContext;
      const request = { type: "request", seq: 0, command: "debugInfo", arguments: {} };
      return (await session!.kernel!.requestDebug(request).done).content.body.breakpoints;
    });

  /** Clicks the gutter beside a line (1-based) of a cell. */
  async function breakAt(page: Page, cell: number, line: number): Promise<void> {
    const element = page.locator(".jp-CodeCell").nth(cell);
    const isSet = async (): Promise<boolean> =>
      (await kernelBreakpoints(page)).some(({ breakpoints }) => breakpoints.some((at) => at.line === line));
    // The page may still be moving into place: a click that went beside the line is done again.
    const click = async (): Promise<boolean> => {
      const [at, gutter] = await Promise.all([
        element
          .locator(".cm-line")
          .nth(line - 1)
          .boundingBox(),
        element.locator(".cm-gutter.cm-breakpoint-gutter").boundingBox(),
      ]);
      await page.mouse.click(gutter!.x + gutter!.width / 2, at!.y + at!.height / 2);
      for (let looks = 0; looks < 50; looks++) {
        if (await isSet()) return true;
        await page.waitForTimeout(200);
      }
      return false;
    };
    await expect.poll(click, { timeout: patienceMs }).toBe(true);
  }

  /** The call stack in the panel: function, place and line of each frame. */
  const stack = async (page: Page, ...frames: string[]): Promise<void> =>
    expect
      .poll(() => page.locator(".jp-DebuggerCallstackFrame").allTextContents(), { timeout: patienceMs, interval: 100 })
      .toEqual(frames);
  const variables = (page: Page) => page.locator(".jp-DebuggerVariables").textContent();
  const look = (page: Page, name: string) => screenshots && page.screenshot({ path: `${screenshots}/${name}.png` });

  test("stops in a cell, shows a tensor, steps into a local file, goes on, and stops again when run again", async () => {
    await writeFile(
      join(lab.folder, "local.ts"),
      "export interface Scale {\n  factor: number;\n}\n\nexport function scaled(values: readonly number[], scale: Scale): number {\n  const sum = values.reduce((a, b) => a + b, 0);\n  return sum * scale.factor;\n}\n",
    );
    const open = await debugging(
      'import { tensor } from "inferlab";\nimport { scaled } from "./local.ts";\nconst weights = tensor([[1, 2], [3, 4]]);\nconst answer = scaled([1, 2, 3], { factor: 7 });\nanswer',
    );
    const { page } = open;
    await breakAt(page, 0, 4);
    await open.runAll();
    await stack(page, "(cell)Cell [*]:4");
    await expect
      .poll(() => variables(page), { timeout: patienceMs })
      .toContain("weightsTensor float32[2, 2] 1, 2, 3, 4");
    await look(page, "debugger-cell");

    await open.command("debugger:stepIn");
    await stack(page, "scaledlocal.ts:6", "(cell)Cell [*]:4");
    await page.locator("[data-jp-debugger] .cm-line", { hasText: "values.reduce" }).waitFor({ timeout: patienceMs });
    await open.command("debugger:next");
    await stack(page, "scaledlocal.ts:7", "(cell)Cell [*]:4");
    await expect.poll(() => variables(page), { timeout: patienceMs }).toContain("scale{factor: 7}sum6");
    await look(page, "debugger-file");
    await open.command("debugger:continue");
    await stack(page);
    // The file's page is left; the notebook is in front again.
    await page.locator(".lm-TabBar-tab", { hasText: open.name }).first().click();
    await open.has('"text/plain":"42"');

    await open.runAll();
    await stack(page, "(cell)Cell [*]:4");
    await open.command("debugger:terminate");
    await stack(page);
    await expect.poll(() => open.status(), { timeout: patienceMs, interval: 100 }).toBe("idle");
  });
});
