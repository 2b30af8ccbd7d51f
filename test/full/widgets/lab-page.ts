/** JupyterLab on a folder of its own, in Chromium: notebooks from cells, run and looked at. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { type RunningServer, startServer } from "../../../server/main.ts";
import { patienceMs } from "../../support/kernel.ts";
import { buildLab, type LabApp, launchBrowser, notebook } from "../../support/lab.ts";

declare const jupyterapp: LabApp;

export class Lab {
  readonly folder: string;
  private readonly server: RunningServer;
  private readonly browser: Browser;

  private constructor(folder: string, server: RunningServer, browser: Browser) {
    this.folder = folder;
    this.server = server;
    this.browser = browser;
  }

  static async start(port: number): Promise<Lab> {
    await buildLab();
    const folder = await mkdtemp(join(tmpdir(), "inferlab-widgets-"));
    const server = await startServer({ folder, port, dataFolder: join(folder, ".data") });
    return new Lab(folder, server, await launchBrowser());
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A new notebook of these cells, open in a page. */
  async open(name: string, cells: readonly string[]): Promise<Page> {
    await writeFile(join(this.folder, `${name}.ipynb`), notebook(...cells));
    const page = await this.browser.newPage({ viewport: { width: 1200, height: 1600 } });
    page.setDefaultTimeout(patienceMs);
    await page.goto(this.url(name));
    await this.settle(page);
    return page;
  }

  url(name: string): string {
    return `${this.server.openUrl.replace("/lab", `/lab/tree/${name}.ipynb`)}&reset`;
  }

  /** Waits until the notebook is drawn and its kernel idle. */
  async settle(page: Page): Promise<void> {
    await page.waitForSelector(".jp-Notebook .jp-CodeCell", { timeout: patienceMs });
    await page.evaluate(async () => {
      await jupyterapp.restored;
      const { context } = jupyterapp.shell.currentWidget;
      await context.ready;
      await context.sessionContext.ready;
    });
    await this.idle(page);
  }

  idle(page: Page): Promise<void> {
    const status = () =>
      page.evaluate(() => jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel?.status);
    return expect.poll(status, { timeout: patienceMs, interval: 100 }).toBe("idle");
  }

  async runAll(page: Page): Promise<void> {
    await page.evaluate(() => jupyterapp.commands.execute("notebook:run-all-cells"));
    await this.idle(page);
  }

  save(page: Page): Promise<void> {
    return page.evaluate(() => jupyterapp.shell.currentWidget.context.save());
  }

  /** Saves, loads the page again, and waits until it stands. */
  async reload(page: Page): Promise<void> {
    await this.save(page);
    await page.reload();
    await this.settle(page);
  }

  /** The cells with their outputs, as JSON text. */
  cells(page: Page): Promise<string> {
    return page.evaluate(() =>
      JSON.stringify(jupyterapp.shell.currentWidget.content.widgets.map((w) => w.model.toJSON())),
    );
  }
}
