/** The server through its own door: HTTP and WebSocket on loopback. */
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type RunningServer, startServer } from "../../server/main.ts";

let folder: string;
let root: string;
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "inferlab-server-"));
  root = join(folder, "root");
  await mkdir(root);
  await writeFile(join(folder, "secret.txt"), "outside");
  server = await startServer({
    folder: root,
    port: 18_800,
    dataFolder: join(folder, "data"),
    bundle: join(folder, "none"),
  });
});

afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are looked into field by field
  readonly json: any;
}

/** A request as it stands: no path is normalised on the way, unlike fetch. */
function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const authorization = `token ${server.token}`;
  return new Promise((resolve, reject) => {
    const out = request(
      { host: "127.0.0.1", port: server.port, method, path, headers: { authorization, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = String(response.headers["content-type"]).includes("json");
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text,
            json: isJson ? JSON.parse(text) : {},
          });
        });
      },
    );
    out.on("error", reject);
    out.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const notebook = (trusted: boolean) => ({
  cells: [
    {
      cell_type: "code",
      id: "a",
      source: "1 + 1",
      metadata: trusted ? { trusted: true } : {},
      execution_count: 1,
      outputs: [{ output_type: "execute_result", execution_count: 1, metadata: {}, data: { "text/plain": "2" } }],
    },
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
});

describe("contents", () => {
  test("a file is made, read, renamed, copied and deleted", async () => {
    const made = await call("POST", "/api/contents", { type: "file", ext: ".txt" });
    expect([made.status, made.json.path]).toEqual([201, "untitled.txt"]);
    await call("PUT", "/api/contents/untitled.txt", { type: "file", format: "text", content: "grün" });
    expect((await call("GET", "/api/contents/untitled.txt")).json.content).toBe("grün");
    expect((await call("PATCH", "/api/contents/untitled.txt", { path: "b.txt" })).json.name).toBe("b.txt");
    expect((await call("POST", "/api/contents", { copy_from: "b.txt" })).json.path).toBe("b-Copy1.txt");
    expect((await call("DELETE", "/api/contents/b.txt")).status).toBe(204);
    expect((await call("GET", "/api/contents/b.txt")).status).toBe(404);
    const listing = (await call("GET", "/api/contents")).json.content as { name: string }[];
    expect(listing.map((entry) => entry.name)).toContain("b-Copy1.txt");
  });

  test("a rename does not overwrite", async () => {
    for (const name of ["one.txt", "two.txt"])
      await call("PUT", `/api/contents/${name}`, { type: "file", format: "text", content: name });
    expect((await call("PATCH", "/api/contents/one.txt", { path: "two.txt" })).status).toBe(409);
    expect(await readFile(join(root, "two.txt"), "utf8")).toBe("two.txt");
  });

  test("an upload in chunks appears when its last chunk has come", async () => {
    const chunk = (content: string, number: number) =>
      call("PUT", "/api/contents/big.bin", { type: "file", format: "base64", content: btoa(content), chunk: number });
    const first = await chunk("abc", 1);
    // What @jupyterlab/services asks of every contents model.
    expect(first.json).toMatchObject({
      name: "big.bin",
      path: "big.bin",
      type: "file",
      created: expect.any(String),
      last_modified: expect.any(String),
      writable: true,
      mimetype: null,
      content: null,
      format: null,
    });
    expect((await call("GET", "/api/contents/big.bin")).status).toBe(404);
    await chunk("def", 2);
    await chunk("ghi", -1);
    expect(await readFile(join(root, "big.bin"), "utf8")).toBe("abcdefghi");
  });

  test("a checkpoint brings a file back", async () => {
    await call("PUT", "/api/contents/c.txt", { type: "file", format: "text", content: "before" });
    const { id } = (await call("POST", "/api/contents/c.txt/checkpoints")).json;
    await call("PUT", "/api/contents/c.txt", { type: "file", format: "text", content: "after" });
    expect((await call("POST", `/api/contents/c.txt/checkpoints/${id}`)).status).toBe(204);
    expect((await call("GET", "/api/contents/c.txt")).json.content).toBe("before");
    expect((await call("GET", "/api/contents/c.txt/checkpoints")).json).toHaveLength(1);
  });

  test("a save through a symbolic link writes what the link leads to, and keeps its mode", async () => {
    await writeFile(join(root, "real.txt"), "before", { mode: 0o640 });
    await symlink("real.txt", join(root, "inner-link.txt"));
    await call("PUT", "/api/contents/inner-link.txt", { type: "file", format: "text", content: "after" });
    expect((await lstat(join(root, "inner-link.txt"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(root, "real.txt"), "utf8")).toBe("after");
    expect((await lstat(join(root, "real.txt"))).mode & 0o777).toBe(0o640);
  });

  test("a file whose name is as long as names may be is saved", async () => {
    const name = `${"n".repeat(251)}.txt`;
    const saved = await call("PUT", `/api/contents/${name}`, { type: "file", format: "text", content: "long" });
    expect(saved.status).toBe(200);
    expect(await readFile(join(root, name), "utf8")).toBe("long");
  });

  test("what a killed server left half written is removed after an hour, and nothing else", async () => {
    await mkdir(join(root, "left"));
    const left = { ".a.inferlab-part": 2, ".b.inferlab-part": 0, ".mine": 2 };
    for (const [name, hours] of Object.entries(left)) {
      await writeFile(join(root, "left", name), "x");
      const time = new Date(Date.now() - hours * 3_600_000);
      await utimes(join(root, "left", name), time, time);
    }
    expect((await call("GET", "/api/contents/left")).json.content).toEqual([]);
    expect((await readdir(join(root, "left"))).sort()).toEqual([".b.inferlab-part", ".mine"]);
  });

  test("outputs are trusted where they were saved here as trusted, and only there", async () => {
    await call("PUT", "/api/contents/mine.ipynb", { type: "notebook", content: notebook(true) });
    await writeFile(join(root, "theirs.ipynb"), JSON.stringify({ ...notebook(true), metadata: { of: "a stranger" } }));
    const trusted = async (name: string) =>
      (await call("GET", `/api/contents/${name}`)).json.content.cells[0].metadata.trusted;
    expect(await trusted("mine.ipynb")).toBe(true);
    expect(await trusted("theirs.ipynb")).toBe(false);
    expect(await readFile(join(root, "mine.ipynb"), "utf8")).not.toContain("trusted");
    await call("POST", "/api/contents/theirs.ipynb/trust");
    expect(await trusted("theirs.ipynb")).toBe(true);
  });

  test("texts are lists of lines in the file and one piece for the front end", async () => {
    const lines = notebook(false);
    lines.cells[0]!.source = "a\nb";
    await call("PUT", "/api/contents/lines.ipynb", { type: "notebook", content: lines });
    expect(JSON.parse(await readFile(join(root, "lines.ipynb"), "utf8")).cells[0].source).toEqual(["a\n", "b"]);
    expect((await call("GET", "/api/contents/lines.ipynb")).json.content.cells[0].source).toBe("a\nb");
  });

  test("a notebook that is none is refused and the old one stays", async () => {
    await call("PUT", "/api/contents/keep.ipynb", { type: "notebook", content: notebook(false) });
    for (const content of [null, 3, { nbformat: 3 }, { nbformat: 4, cells: 1 }])
      expect((await call("PUT", "/api/contents/keep.ipynb", { type: "notebook", content })).status).toBe(400);
    expect((await call("GET", "/api/contents/keep.ipynb")).json.content.cells).toHaveLength(1);
  });

  test("a notebook goes out as HTML with its names escaped and no script of its own", async () => {
    const evil = notebook(false);
    evil.cells[0]!.source = "<script>alert(1)</script>";
    await call("PUT", "/api/contents/evil.ipynb", { type: "notebook", content: evil });
    const page = await call("GET", "/nbconvert/html/evil.ipynb");
    expect(page.text).not.toContain("<script>alert");
    expect(page.headers["content-security-policy"]).toContain("sandbox");
    expect((await call("GET", "/nbconvert/script/evil.ipynb")).text.trim()).toBe("<script>alert(1)</script>");
  });
});

describe("what is refused", () => {
  const paths = [
    "../secret.txt",
    "%2e%2e/secret.txt",
    "a/..%2f..%2fsecret.txt",
    "..%5csecret.txt",
    ".hidden",
    "link.txt",
    "linked/secret.txt",
  ];

  test("paths that lead out of the root", async () => {
    await symlink(join(folder, "secret.txt"), join(root, "link.txt"));
    await symlink(folder, join(root, "linked"));
    await writeFile(join(root, ".hidden"), "hidden");
    for (const path of paths) {
      for (const prefix of ["/api/contents/", "/files/", "/nbconvert/html/"]) {
        const answer = await call("GET", prefix + path);
        expect(answer.status, prefix + path).toBeGreaterThanOrEqual(400);
        expect(answer.text, prefix + path).not.toContain("outside");
      }
      expect(
        (await call("PUT", `/api/contents/${path}`, { type: "file", format: "text", content: "x" })).status,
      ).toBeGreaterThanOrEqual(400);
    }
    expect(await readFile(join(folder, "secret.txt"), "utf8")).toBe("outside");
  });

  test("requests without the token, and with a wrong one", async () => {
    for (const authorization of ["", "token wrong", `token ${server.token}x`])
      expect((await call("GET", "/api/contents", undefined, { authorization })).status).toBe(403);
    expect((await call("GET", "/lab", undefined, { authorization: "" })).text).toContain("token");
  });

  test("a host that is not this server (DNS rebinding)", async () => {
    expect((await call("GET", "/api/contents", undefined, { host: "evil.example" })).status).toBe(403);
  });

  test("requests that a page of another site makes", async () => {
    const origin = "https://evil.example";
    expect((await call("POST", "/api/kernels", {}, { origin })).status).toBe(403);
    expect((await call("GET", "/api/contents", undefined, { origin: "null" })).status).toBe(403);
  });

  test("WebSockets without token, of another origin, or for no kernel", async () => {
    const open = (path: string, headers: Record<string, string>) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers });
        socket.on("open", () => resolve("open"));
        socket.on("error", (error) => resolve(error.message));
      });
    const authorization = `token ${server.token}`;
    expect(await open("/api/events/subscribe", {})).toMatch(/403/);
    expect(await open("/api/events/subscribe", { authorization, origin: "https://evil.example" })).toMatch(/403/);
    expect(await open("/api/kernels/none/channels", { authorization })).toMatch(/404/);
  });

  test("malformed bodies", async () => {
    expect((await call("PATCH", "/api/contents/b-Copy1.txt", [1])).status).toBe(400);
    expect((await call("POST", "/api/sessions", {})).status).toBe(400);
    expect((await call("POST", "/api/kernels", { name: "no such kernel" })).status).toBe(404);
  });
});

test("the token in the address becomes a cookie and leaves the address", async () => {
  const first = await call("GET", `/lab?token=${server.token}`, undefined, { authorization: "" });
  expect([first.status, first.headers["location"]]).toEqual([302, "/lab"]);
  const cookie = String(first.headers["set-cookie"]).split(";")[0]!;
  expect(String(first.headers["set-cookie"])).toMatch(/HttpOnly; SameSite=Strict/);
  expect(cookie).not.toContain(server.token);
  expect((await call("GET", "/api/contents", undefined, { authorization: "", cookie })).status).toBe(200);
});

test("the next free port is used where one is taken", async () => {
  const second = await startServer({ folder: root, port: server.port, dataFolder: join(folder, "data2") });
  try {
    // Others may have taken the next ones, too.
    expect(second.port).toBeGreaterThan(server.port);
    const headers = { authorization: `token ${second.token}` };
    expect((await fetch(`http://127.0.0.1:${second.port}/api/status`, { headers })).status).toBe(200);
  } finally {
    await second.close();
  }
});

test("files are sent in ranges, sandboxed and not sniffed", async () => {
  await writeFile(join(root, "page.html"), "<p>0123456789</p>");
  const part = await call("GET", "/files/page.html", undefined, { range: "bytes=3-6" });
  expect([part.status, part.text, part.headers["content-range"]]).toEqual([206, "0123", "bytes 3-6/17"]);
  expect(part.headers["content-security-policy"]).toContain("sandbox");
  expect(part.headers["x-content-type-options"]).toBe("nosniff");
});
