/** The Lab in headless Chromium: a server over a folder of its own, pages that show its notebooks. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { type RunningServer, startServer } from "../../server/main.ts";
import { patienceMs } from "./kernel.ts";
import { repositoryRoot } from "./shared.ts";

/** Absent where no browser is installed: the tests are skipped there. */
export const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

/** What tests ask of JupyterLab inside the page. */
interface LabKernel {
  readonly status: string;
  requestDebug(content: object): {
    readonly done: Promise<{
      readonly content: { readonly body: { readonly breakpoints: readonly SourceBreakpoints[] } };
    }>;
  };
}
/** What `debugInfo` says of one source. */
interface SourceBreakpoints {
  readonly breakpoints: readonly { readonly line: number }[];
}
export interface LabApp {
  readonly restored: Promise<unknown>;
  readonly commands: { execute(id: string, args?: object): Promise<unknown> };
  readonly shell: {
    readonly currentWidget: {
      readonly content: {
        readonly widgets: readonly { readonly model: { toJSON(): unknown } }[];
        activeCellIndex: number;
        scrollToItem(index: number, align: string): Promise<void>;
      };
      readonly context: {
        readonly path: string;
        readonly ready: Promise<void>;
        readonly sessionContext: {
          readonly ready: Promise<void>;
          readonly session: { readonly kernel: LabKernel | null } | null;
        };
        save(): Promise<void>;
      };
    };
  };
}
declare const jupyterapp: LabApp;
declare const document: { querySelector(selector: string): { readonly textContent: string | null } | null };

/** A notebook file of code cells. */
export function notebook(...sources: string[]): string {
  const cells = sources.map((source, index) => ({
    cell_type: "code",
    id: `c${index}`,
    source,
    metadata: {},
    execution_count: null,
    outputs: [],
  }));
  const kernelspec = { name: "inferlab", display_name: "TypeScript (inferlab)", language: "typescript" };
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}

/** Builds the front end where a clone has not yet; minutes the first time. */
export async function buildLab(): Promise<void> {
  const script = pathToFileURL(join(repositoryRoot, "scripts", "build-web.mjs")).href;
  await ((await import(script)) as { buildWeb(): Promise<void> }).buildWeb();
}

export class Lab {
  readonly folder: string;
  readonly server: RunningServer;
  readonly browser: Browser;

  private constructor(folder: string, server: RunningServer, browser: Browser) {
    this.folder = folder;
    this.server = server;
    this.browser = browser;
  }

  static async start(firstPort: number): Promise<Lab> {
    await buildLab();
    const folder = await mkdtemp(join(tmpdir(), "inferlab-lab-"));
    const server = await startServer({ folder, port: firstPort, dataFolder: join(folder, ".data") });
    return new Lab(folder, server, await launchBrowser());
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  write(name: string, ...sources: string[]): Promise<void> {
    return writeFile(join(this.folder, name), notebook(...sources));
  }

  /** A page that shows the notebook, its kernel idle. */
  async open(name: string, on?: Page): Promise<LabPage> {
    const page = on ?? (await this.browser.newPage());
    page.setDefaultTimeout(patienceMs);
    await page.goto(`${this.server.openUrl.replace("/lab", `/lab/tree/${name}`)}&reset`);
    const lab = new LabPage(page, name);
    await lab.ready();
    return lab;
  }

  /** What the server's API answers. */
  async api<T>(path: string): Promise<T> {
    const headers = { authorization: `token ${this.server.token}` };
    return (await (await fetch(`http://127.0.0.1:${this.server.port}${path}`, { headers })).json()) as T;
  }
}

/** A page of the Lab with one notebook in front. */
export class LabPage {
  readonly page: Page;
  /** The notebook's path. */
  readonly name: string;

  constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
  }

  /** Waits until the notebook is shown and its kernel idle. */
  async ready(): Promise<void> {
    await this.page.waitForSelector(".jp-Notebook .jp-CodeCell", { timeout: patienceMs });
    await this.page.evaluate(async () => {
      await jupyterapp.restored;
      const { context } = jupyterapp.shell.currentWidget;
      await context.ready;
      await context.sessionContext.ready;
    });
    await expect.poll(() => this.status(), { timeout: patienceMs, interval: 100 }).toBe("idle");
  }

  status(): Promise<string | undefined> {
    return this.page.evaluate(() => jupyterapp.shell.currentWidget.context.sessionContext.session?.kernel?.status);
  }

  /** Starts one of JupyterLab's commands; it may go on. */
  command(id: string, args: object = {}): Promise<void> {
    return this.page.evaluate(([name, with_]) => void jupyterapp.commands.execute(name, with_), [id, args] as const);
  }

  runAll(): Promise<void> {
    return this.command("notebook:run-all-cells");
  }

  save(): Promise<void> {
    return this.page.evaluate(() => jupyterapp.shell.currentWidget.context.save());
  }

  /** The cells as the notebook's model has them, as JSON. */
  cells(): Promise<string> {
    return this.page.evaluate(() =>
      JSON.stringify(jupyterapp.shell.currentWidget.content.widgets.map((widget) => widget.model.toJSON())),
    );
  }

  /** Waits until the cells' JSON holds a text. */
  async has(text: string): Promise<void> {
    await expect.poll(() => this.cells(), { timeout: patienceMs, interval: 250 }).toContain(text);
  }

  /** Waits until the page shows a text in the notebook. */
  async shows(text: string, timeoutMs = patienceMs): Promise<void> {
    const isShown = (t: string) => document.querySelector(".jp-Notebook")?.textContent?.includes(t);
    await this.page.waitForFunction(isShown, text, { timeout: timeoutMs });
  }
}
