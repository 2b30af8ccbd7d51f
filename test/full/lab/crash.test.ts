/** What was saved stays saved: the server is killed while it saves, the kernel while it runs. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { notebook } from "../../support/lab.ts";
import { randomSource } from "../../support/random.ts";
import { repositoryRoot } from "../../support/shared.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "inferlab-crash-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const token = "crash";
/** How often each end is killed. */
const numKills = 100;

interface Serving {
  readonly process: ChildProcess;
  readonly origin: string;
  kill(): Promise<void>;
}

async function serve(): Promise<Serving> {
  const program = join(repositoryRoot, "bin", "inferlab.mjs");
  const child = spawn(process.execPath, [program, "lab", folder, "--no-browser", "--token", token, "--port", "18890"], {
    env: { ...process.env, XDG_DATA_HOME: join(folder, ".data") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let said = "";
  const origin = await new Promise<string>((resolve, reject) => {
    const listen = (data: Buffer): void => {
      said += data.toString();
      const found = /http:\/\/[^/\s]+/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout!.on("data", listen);
    child.stderr!.on("data", listen);
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
  return {
    process: child,
    origin: origin.replace("localhost", "127.0.0.1"),
    kill: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}

const headers = { authorization: `token ${token}` };

test(`a notebook is whole after ${numKills} kills of the server during a save`, async () => {
  const random = randomSource(7);
  const name = "saved.ipynb";
  let answered = -1;
  let numCutShort = 0;
  for (let kill = 0; kill < numKills; kill++) {
    const server = await serve();
    // 2 MB, so that writing takes long enough to be hit; the first cell says which save it is.
    const contentOf = (save: number): unknown =>
      JSON.parse(notebook(`save ${save}`, ...Array.from({ length: 200 }, (_, i) => `${i} ${"x".repeat(10_000)}`)));
    let save = answered + 1;
    try {
      for (let isFirst = true; ; save++, isFirst = false) {
        const body = JSON.stringify({ type: "notebook", format: "json", content: contentOf(save) });
        const started = performance.now();
        const response = await fetch(`${server.origin}/api/contents/${name}`, { method: "PUT", headers, body });
        if (response.ok) answered = save;
        // The first save tells how long one takes; the kill comes anywhere in the next two.
        const delayMs = random() * 2 * (performance.now() - started);
        if (isFirst) setTimeout(() => server.process.kill("SIGKILL"), delayMs);
      }
    } catch {
      numCutShort++; // the server is gone
    }
    await server.kill();
    const { cells } = JSON.parse(await readFile(join(folder, name), "utf8")) as {
      cells: { source: string[] | string }[];
    };
    expect(cells).toHaveLength(201);
    // What was answered is there; what was on its way is there wholly or not at all.
    const found = Number(/\d+/.exec(String(cells[0]!.source))![0]);
    expect([answered, save]).toContain(found);
    answered = found;
  }
  expect(numCutShort).toBe(numKills);
  expect(answered).toBeGreaterThanOrEqual(numKills - 1);
  expect((await readdir(folder)).filter((file) => !file.startsWith("."))).toEqual([name]);
}, 600_000);

test.skipIf(!existsSync("/proc/self/task"))(
  "kernels end when their server was killed",
  async () => {
    const server = await serve();
    const response = await fetch(`${server.origin}/api/kernels`, {
      method: "POST",
      headers,
      body: JSON.stringify({ name: "inferlab" }),
    });
    expect(response.status).toBe(201);
    const { pid } = server.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    expect(children.length).toBeGreaterThan(0);
    await server.kill();
    const alive = () => children.filter((child) => existsSync(`/proc/${child}`));
    await expect.poll(alive, { timeout: 20_000, interval: 200 }).toEqual([]);
  },
  60_000,
);
