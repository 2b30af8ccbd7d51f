/** JupyterLab on a folder of its own, in Chromium: notebooks from cells, run and looked at. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { type RunningServer, startServer } from "../../../server/main.ts";
import { patienceMs } from "../../support/kernel.ts";
import { repositoryRoot } from "../../support/shared.ts";

export const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

interface LabApp {
  readonly restored: Promise<unknown>;
  readonly commands: { execute(id: string): Promise<unknown> };
  readonly shell: {
    readonly currentWidget: {
      readonly content: { readonly widgets: { readonly model: { toJSON(): unknown } }[] };
      readonly context: {
        readonly ready: Promise<void>;
        readonly sessionContext: {
          readonly ready: Promise<void>;
          readonly session: { readonly kernel: { readonly status: string } | null } | null;
        };
        save(): Promise<void>;
      };
    };
  };
}
declare const jupyterapp: LabApp;

const cell = (source: string, index: number) => ({
  cell_type: "code",
  id: `c${index}`,
  source,
  metadata: {},
  execution_count: null,
  outputs: [],
});

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
    const script = pathToFileURL(join(repositoryRoot, "scripts", "build-web.mjs")).href;
    await ((await import(script)) as { buildWeb(): Promise<void> }).buildWeb();
    const folder = await mkdtemp(join(tmpdir(), "inferlab-widgets-"));
    const server = await startServer({ folder, port, dataFolder: join(folder, ".data") });
    const browser = await chromium.launch({
      executablePath: chromiumPath!,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
    });
    return new Lab(folder, server, browser);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A new notebook of these cells, open in a page. */
  async open(name: string, cells: readonly string[]): Promise<Page> {
    const notebook = {
      cells: cells.map(cell),
      metadata: { kernelspec: { name: "inferlab", display_name: "TypeScript (inferlab)", language: "typescript" } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    await writeFile(join(this.folder, `${name}.ipynb`), JSON.stringify(notebook));
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
