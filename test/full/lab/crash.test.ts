/** What was saved stays saved: the server is killed while it saves, the kernel while it runs, the browser while it saves. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { patienceMs } from "../../support/kernel.ts";
import { KernelPage } from "../../support/kernel-page.ts";
import { buildLab, chromiumPath, notebook } from "../../support/lab.ts";
import { openPlainPage } from "../../support/plain-chromium.ts";
import { randomSource } from "../../support/random.ts";
import { repositoryRoot } from "../../support/shared.ts";

let folder: string;
beforeAll(async () => {
  await buildLab();
  folder = await realpath(await mkdtemp(join(tmpdir(), "inferlab-crash-")));
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 }));

const token = "crash";
/** Processes of the running test: a test that fails leaves none. */
const opened = new Set<{ kill(): Promise<void> }>();
afterEach(async () => {
  for (const one of opened) await one.kill();
  opened.clear();
});

/** How often the server and the kernel are killed. */
const numKills = 100;
/** A browser takes seconds to show the Lab again: it is killed less often, unless BROWSER_KILLS says how often. */
const numLabKills = Number(process.env["BROWSER_KILLS"] ?? 5);
/** With a page that only sends the Lab's requests. */
const numBrowserKills = Math.max(0, numKills - numLabKills);
/** Where one can see which process is whose child. */
const hasProc = existsSync("/proc/self/task");

interface Serving {
  readonly process: ChildProcess;
  readonly port: number;
  readonly token: string;
  /** What it has printed. */
  said(): string;
  api(method: string, path: string, body?: string): Promise<Response>;
  kill(): Promise<void>;
}

async function serve(): Promise<Serving> {
  const program = join(repositoryRoot, "bin", "inferlab.mjs");
  const child = spawn(process.execPath, [program, "lab", folder, "--no-browser", "--token", token, "--port", "18890"], {
    env: { ...process.env, XDG_DATA_HOME: join(folder, ".data"), INFERLAB_HISTORY: "off" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  const port = await new Promise<number>((resolve, reject) => {
    const listen = (data: Buffer): void => {
      said += data.toString();
      const found = /http:\/\/[^/\s]+:(\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    };
    child.stdout!.on("data", listen);
    child.stderr!.on("data", listen);
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
  const server: Serving = {
    process: child,
    port,
    token,
    said: () => said,
    api: (method, path, body) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `token ${token}` },
        ...(body === undefined ? {} : { body }),
      }),
    kill: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
  opened.add(server);
  return server;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The body of a save, whose first cell says which one it is. */
type SaveBody = (save: number) => string;

function saveBody(numCells: number): SaveBody {
  const sources = Array.from({ length: numCells - 1 }, (_, i) => `${i} ${"x".repeat(10_000)}`);
  const content: unknown = JSON.parse(notebook("save @", ...sources));
  const body = JSON.stringify({ type: "notebook", format: "json", content });
  return (save) => body.replace("save @", `save ${save}`);
}

/** The number of the save that a notebook's file holds. Fails where the file is not a whole notebook. */
async function savedIn(name: string, numCells: number): Promise<number> {
  const { cells } = JSON.parse(await readFile(join(folder, name), "utf8")) as {
    cells: { source: string[] | string }[];
  };
  expect(cells).toHaveLength(numCells);
  return Number(/save (\d+)/.exec(String(cells[0]!.source))![1]);
}

test(`a notebook is whole after ${numKills} kills of the server during a save`, async () => {
  const random = randomSource(7);
  const name = "saved.ipynb";
  // 2 MB, so that writing takes long enough to be hit.
  const body = saveBody(201);
  let answered = -1;
  let numCutShort = 0;
  for (let kill = 0; kill < numKills; kill++) {
    const server = await serve();
    let save = answered + 1;
    try {
      for (let isFirst = true; ; save++, isFirst = false) {
        const started = performance.now();
        const response = await server.api("PUT", `/api/contents/${name}`, body(save));
        if (response.ok) answered = save;
        // The first save tells how long one takes; the kill comes anywhere in the next two.
        const delayMs = random() * 2 * (performance.now() - started);
        if (isFirst) setTimeout(() => server.process.kill("SIGKILL"), delayMs);
      }
    } catch {
      numCutShort++; // the server is gone
    }
    await server.kill();
    // What was answered is there; what was on its way is there wholly or not at all.
    const found = await savedIn(name, 201);
    expect([answered, save]).toContain(found);
    answered = found;
  }
  expect(numCutShort).toBe(numKills);
  expect(answered).toBeGreaterThanOrEqual(numKills - 1);
  expect((await readdir(folder)).filter((file) => !file.startsWith("."))).toEqual([name]);
}, 1_200_000);

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
}

/** The process of a server's child that has a text in its command; undefined where there is none. */
function childWith(pid: number, text: string): number | undefined {
  return childrenOf(pid).find((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, "utf8").includes(text);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

/** Processes that work in the folder: kernels and what they started. */
function processesIn(where: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === where;
    } catch {
      return false; // it has ended meanwhile, or is not ours to look at
    }
  });
}

interface Running {
  /** Ids of the server's session and kernel. */
  readonly session: string;
  readonly id: string;
  readonly page: KernelPage;
}

/** A notebook's kernel, which has shown that it works. */
async function startKernel(server: Serving, name: string, pageName: string): Promise<Running> {
  const asked = JSON.stringify({ path: name, name, type: "notebook", kernel: { name: "inferlab" } });
  const made = (await (await server.api("POST", "/api/sessions", asked)).json()) as {
    id: string;
    kernel: { id: string };
  };
  const page = await KernelPage.open(server, made.kernel.id, pageName);
  const sum = page.execute("40 + 2");
  await page.until(({ type, parent }) => type === "execute_result" && parent === sum);
  return { session: made.id, id: made.kernel.id, page };
}

/** Kills the kernel of a notebook again and again, while its cell runs or it starts anew, and the notebook is saved. */
async function killKernel(server: Serving, name: string, times: number, random: () => number): Promise<void> {
  const body = saveBody(5);
  let save = 0;
  let running: Running | undefined;
  for (let kill = 0; kill < times; kill++) {
    running ??= await startKernel(server, name, `${name}-${kill}`);
    const { id, page, session } = running;
    const deaths = () =>
      page.received.map(({ content }) => content["execution_state"]).filter((s) => s === "restarting" || s === "dead");
    const numDeaths = deaths().length;
    page.execute("for (let i = 0; ; i++) { console.log(i); await new Promise((r) => setTimeout(r, 1)); }");
    await expect.poll(() => childWith(server.process.pid!, id), { timeout: patienceMs, interval: 5 }).toBeDefined();
    let isKilled = false;
    setTimeout(() => {
      process.kill(childWith(server.process.pid!, id)!, "SIGKILL");
      isKilled = true;
    }, random() * 300);
    // Whatever the moment of the death, a save is answered, and what was answered is in the file.
    for (let isLast = false; !isLast; await sleep(20)) {
      isLast = isKilled;
      expect((await server.api("PUT", `/api/contents/${name}`, body(++save))).status).toBe(200);
      expect(await savedIn(name, 5)).toBe(save);
    }
    await page.until(() => deaths().length > numDeaths);
    // One that died too often is given up: the notebook gets another.
    if (deaths().at(-1) !== "dead") continue;
    await page.close();
    expect((await server.api("DELETE", `/api/sessions/${session}`)).status).toBe(204);
    running = undefined;
  }
  await running?.page.close();
}

test.skipIf(!hasProc)(
  `saves go on and no process stays after ${numKills} kills of kernels`,
  async () => {
    const random = randomSource(8);
    const server = await serve();
    const names = ["a.ipynb", "b.ipynb", "c.ipynb", "d.ipynb"];
    for (const name of names) await writeFile(join(folder, name), notebook("save 0"));
    await Promise.all(names.map((name) => killKernel(server, name, numKills / names.length, random)));
    const sessions = (await (await server.api("GET", "/api/sessions")).json()) as { id: string }[];
    for (const { id } of sessions) await server.api("DELETE", `/api/sessions/${id}`);
    await expect.poll(() => processesIn(folder), { timeout: patienceMs, interval: 200 }).toEqual([]);
    expect(server.process.exitCode).toBeNull();
    await server.kill();
  },
  1_200_000,
);

test.skipIf(!hasProc)(
  "kernels end when their server was killed",
  async () => {
    const server = await serve();
    expect((await server.api("POST", "/api/kernels", JSON.stringify({ name: "inferlab" }))).status).toBe(201);
    expect(processesIn(folder).length).toBeGreaterThan(0);
    await server.kill();
    await expect.poll(() => processesIn(folder), { timeout: patienceMs, interval: 200 }).toEqual([]);
  },
  4 * patienceMs,
);

test("a notebook stays as it was where the connection of a save is cut", async () => {
  const random = randomSource(9);
  const server = await serve();
  const name = "cut.ipynb";
  const body = saveBody(21);
  for (let cut = 0; cut < numKills; cut++) {
    expect((await server.api("PUT", `/api/contents/${name}`, body(cut))).status).toBe(200);
    const text = Buffer.from(body(1_000_000));
    const head = `PUT /api/contents/${name} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAuthorization: token ${token}\r\n`;
    const socket = connect(server.port, "127.0.0.1");
    socket.write(`${head}Content-Length: ${text.length}\r\n\r\n`);
    const part = text.subarray(0, Math.floor(random() * (text.length - 1)));
    await new Promise<void>((resolve) => socket.write(part, () => resolve()));
    if (cut % 2) socket.resetAndDestroy();
    else socket.destroy();
  }
  expect((await server.api("GET", "/api/status")).status).toBe(200);
  expect(await savedIn(name, 21)).toBe(numKills - 1);
  expect(server.said()).not.toContain("Error");
  await server.kill();
});

/** How a page saves a notebook; expressions that are evaluated in the page. */
interface Saver {
  /** After `http://host:port/`. */
  readonly path: string;
  /** True once the page can save. */
  readonly ready: string;
  /** The first cell's source, as the page has it or gets it. */
  readonly shown: string;
  /** Resolves when the save was answered. */
  save(number: number): string;
}

const currentNotebook = "jupyterapp.shell.currentWidget";
const firstCell = `${currentNotebook}.content.widgets[0].model.sharedModel`;
const wholeLab = (name: string): Saver => ({
  path: `lab/tree/${name}?reset&`,
  ready: `${currentNotebook}.context.isReady && ${currentNotebook}.content.widgets[0]`,
  shown: `${firstCell}.getSource()`,
  save: (number) => `${firstCell}.setSource("save ${number}"); ${currentNotebook}.context.save()`,
});

/** The Lab's requests without the Lab, which takes a browser seconds to show. */
const requestsOnly = (name: string): Saver => ({
  path: "api/status?",
  ready: 'location.protocol === "http:" && document.readyState === "complete"',
  shown: `fetch("/api/contents/${name}", { headers: { authorization: "token ${token}" } }).then((answer) => answer.json()).then((model) => (globalThis.model = model).content.cells[0].source)`,
  save: (number) => `(async () => {
    model.content.cells[0].source = "save ${number}";
    const headers = { authorization: "token ${token}", "Content-Type": "application/json" };
    const answer = await fetch("/api/contents/${name}", { method: "PUT", headers, body: JSON.stringify(model) });
    if (!answer.ok) throw new Error("answered " + answer.status);
  })()`,
});

/** Opens the notebook in a browser, saves it again and again, and kills the browser anywhere in a save; `times` times. */
async function killBrowsers(server: Serving, name: string, saver: Saver, times: number, seed: number): Promise<void> {
  const random = randomSource(seed);
  const numCells = 51; // half a megabyte
  expect((await server.api("PUT", `/api/contents/${name}`, saveBody(numCells)(0))).status).toBe(200);
  const url = `http://127.0.0.1:${server.port}/${saver.path}token=${token}`;
  let answered = 0;
  let save = 0;
  let numCutShort = 0;
  for (let kill = 0; kill < times; kill++) {
    const page = await openPlainPage(url, join(folder, ".profile"));
    opened.add(page);
    await page.until(saver.ready);
    // The browser that comes after a killed one shows what was saved: the last answered, or one that was wholly on its way.
    const shown = await page.evaluate(saver.shown);
    expect([`save ${answered}`, `save ${save}`]).toContain(shown);
    answered = await savedIn(name, numCells);
    expect(shown).toBe(`save ${answered}`);
    save = answered + 1;
    const begin = performance.now();
    let killed: Promise<void> | undefined;
    try {
      for (; ; save++) {
        await page.evaluate(saver.save(save));
        answered = save;
        if (killed) continue;
        const delayMs = random() * 2 * (performance.now() - begin);
        killed = sleep(delayMs).then(() => page.kill());
      }
    } catch (error) {
      expect((error as Error).message).toBe("the browser is gone");
      numCutShort++;
    }
    await killed;
    opened.delete(page);
  }
  expect([answered, save]).toContain(await savedIn(name, numCells));
  expect(numCutShort).toBe(times);
}

test.skipIf(!chromiumPath)(
  `the Lab shows what was saved after ${numLabKills} kills of the browser during a save`,
  async () => {
    const server = await serve();
    await killBrowsers(server, "lab.ipynb", wholeLab("lab.ipynb"), numLabKills, 10);
    await server.kill();
  },
  2_400_000,
);

test.skipIf(!chromiumPath)(
  `a page of requests shows what was saved after ${numBrowserKills} kills of the browser during a save`,
  async () => {
    const server = await serve();
    await killBrowsers(server, "requests.ipynb", requestsOnly("requests.ipynb"), numBrowserKills, 11);
    await server.kill();
  },
  1_200_000,
);
