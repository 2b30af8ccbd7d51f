/**
 * Types beside the cells: completion, hover and diagnostics from TypeScript's server. Nothing a cell does waits for it, and
 * a server that fails costs types and nothing else.
 *
 * The server is given work when the kernel is at rest, or when somebody asks: cells that come one after the other have the
 * machine to themselves (checking each as it ended doubled the round trip of the next on two cores, measured).
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Documents from "./documents.ts";
import { globalTypes } from "./globals.ts";
import { LanguageServer } from "./server.ts";

export interface TypedCompletion {
  readonly name: string;
  /** As front ends name them: function, method, property, class, module, keyword … */
  readonly type: string;
  readonly signature: string;
}

export interface Diagnostic {
  readonly code: number;
  readonly message: string;
  /** Offsets in the cell. */
  readonly start: number;
  readonly end: number;
}

/** A diagnostic by lines and characters of the cell (0-based, UTF-16 units). */
export interface PlacedDiagnostic {
  readonly code: number;
  readonly message: string;
  readonly start: Documents.Position;
  readonly end: Documents.Position;
}

/** "Type … is not generic": a type of a cell that has not run has no parameters yet. */
const notGeneric = 2315;

/** Milliseconds without a new cell after which the kernel is at rest. */
const restMs = 75;

/** Milliseconds the end of a cell may wait for its type errors: clients take a kernel that is silent for 100 ms for ill. */
const checkMs = 50;

/** Cells that may wait for their check; of more, the oldest go without. */
const maxChecks = 50;

/** Cells kept in the server's view: names of older ones are known from their live values only. */
const maxCells = 400;

/**
 * Errors that say nothing in a notebook: the implicit-any family (7005 to 7053), files without types (7016), imports with
 * `.ts` (5097), top-level await and its like, which the kernel provides (1375, 1378, 1432), a name declared twice in a cell
 * (2451) and `using` of objects typed for newer libraries (2850).
 */
function isNoise(code: number): boolean {
  return (code >= 7005 && code <= 7053) || [1375, 1378, 1432, 2451, 2850, 5097].includes(code);
}

/** LSP CompletionItemKind (3.17) → what JupyterLab draws an icon for. */
const kinds: readonly string[] = [
  "",
  "text",
  "method",
  "function",
  "class",
  "property",
  "variable",
  "class",
  "interface",
  "module",
  "property",
  "unit",
  "value",
  "enum",
  "keyword",
  "snippet",
  "color",
  "file",
  "reference",
  "folder",
  "enum member",
  "constant",
  "struct",
  "event",
  "operator",
  "type parameter",
];

interface CompletionItem {
  readonly label: string;
  readonly kind?: number;
  readonly sortText?: string;
  readonly detail?: string;
  readonly labelDetails?: { readonly detail?: string };
}
interface LspDiagnostic {
  readonly range: {
    readonly start: { line: number; character: number };
    readonly end: { line: number; character: number };
  };
  readonly severity?: number;
  readonly code?: number;
  readonly message: string;
}

/** A cell as the server knows it; without a file of its own where it declares nothing. */
interface CheckedCell {
  readonly document: Documents.CellDocument;
  readonly uri: string | undefined;
}

/** A cell that has run and that the server has not been told of. */
interface NewCell {
  readonly code: string;
  /** Wants its type errors. */
  readonly report: ((errors: readonly Diagnostic[]) => void) | undefined;
}

/** A document whose whole text is replaced again and again. */
class ChangingDocument {
  readonly uri: string;
  private version = 0;
  private text: string | undefined;

  constructor(uri: string) {
    this.uri = uri;
  }

  write(server: LanguageServer, text: string): void {
    // The server keeps what it knows of a text that stays the same.
    if (text === this.text) return;
    this.text = text;
    const textDocument = { uri: this.uri, version: ++this.version };
    if (this.version === 1)
      server.notify("textDocument/didOpen", { textDocument: { ...textDocument, languageId: "typescript", text } });
    else server.notify("textDocument/didChange", { textDocument, contentChanges: [{ text }] });
  }
}

function uriOf(folder: string, file: string): string {
  return pathToFileURL(join(folder, `${file}.ts`)).href;
}

/** The errors of a document, noise left out. */
async function errorsAt(server: LanguageServer, uri: string): Promise<(LspDiagnostic & { readonly code: number })[]> {
  const report = await server.request<{ items?: LspDiagnostic[] } | null>("textDocument/diagnostic", {
    textDocument: { uri },
  });
  return (report?.items ?? []).flatMap((item) =>
    item.severity === 1 && item.code !== undefined && !isNoise(item.code) ? [{ ...item, code: item.code }] : [],
  );
}

export class LanguageService {
  private readonly folder: string;
  private readonly log: (line: string) => void;
  private server: LanguageServer | undefined;
  private documents: typeof Documents | undefined;
  /** The server can be asked. */
  private ready: Promise<void> = Promise.resolve();
  private isReady = false;
  private hasAnswered = false;
  private hasFailed = false;
  private numCells = 0;
  private fresh: NewCell[] = [];
  private unchecked: { readonly cell: CheckedCell; readonly report: (errors: readonly Diagnostic[]) => void }[] = [];
  private checking: Promise<void> | undefined;
  private lastCompletion:
    | { readonly key: string; readonly items: Promise<TypedCompletion[]>; answer?: readonly TypedCompletion[] }
    | undefined;
  private resting: NodeJS.Timeout | undefined;
  private owners = new Map<string, Documents.Owner>();
  private open: { readonly uri: string; readonly text: string }[] = [];
  private readonly prefix = `notebook_${process.pid}_`;
  private readonly names = new Map<string, readonly string[]>();
  private shared: ChangingDocument;
  private next: ChangingDocument;

  constructor(folder: string, log: (line: string) => void) {
    this.folder = folder;
    this.log = log;
    this.shared = new ChangingDocument(uriOf(folder, `${this.prefix}check`));
    this.next = new ChangingDocument(uriOf(folder, `${this.prefix}next`));
  }

  /** A cell came or ended: the server's work waits until no more do. */
  touch(): void {
    clearTimeout(this.resting);
    if (!this.hasFailed) this.resting = setTimeout(() => void this.rest(), restMs).unref();
  }

  /** A cell has run: its names are there for others, and `report` is told its type errors, if any, when there is time. */
  cellRan(code: string, report?: (errors: readonly Diagnostic[]) => void): void {
    this.fresh.push({ code, report });
    if (this.fresh.length > maxCells) this.fresh.shift();
    this.touch();
  }

  /**
   * Checks the cells that have run now, for somebody who would wait for the end of the last one before the next: nothing
   * else is kept waiting then. Resolves when they are checked, or when that takes too long.
   */
  async checked(): Promise<void> {
    clearTimeout(this.resting);
    this.resting = undefined;
    // What the cell has shown leaves at the end of this turn; reading a long cell for the check takes longer than running it.
    await new Promise((resolve) => setImmediate(resolve));
    // A cell that came meanwhile goes first.
    if (this.resting) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, checkMs);
    });
    await Promise.race([this.rest(), late]);
    clearTimeout(timer);
  }

  private rest(): Promise<void> {
    this.resting = undefined;
    // The first cell has the machine to itself: the server starts behind its result.
    if (!this.fresh.length && !this.unchecked.length) return Promise.resolve();
    this.start();
    this.checking ??= this.checkCells().finally(() => {
      this.checking = undefined;
    });
    return this.checking;
  }

  private async checkCells(): Promise<void> {
    const { server } = this;
    if (!server) return;
    try {
      await this.ready;
      // A cell that came meanwhile goes first: `touch` has set the timer again.
      while (!this.resting) {
        this.catchUp();
        const next = this.unchecked.shift();
        if (!next) break;
        const errors = await this.errorsOf(server, next.cell);
        if (errors.length) next.report(errors);
      }
    } catch (error) {
      if (!this.hasFailed) this.log(`type check: ${(error as Error).message}`);
    }
  }

  /** Tells the server of the cells that have run. */
  private catchUp(): void {
    for (const { code, report } of this.fresh.splice(0)) {
      const cell = this.addCell(code);
      if (report) this.unchecked.push({ cell, report });
    }
    if (this.unchecked.length > maxChecks) this.unchecked = this.unchecked.slice(-maxChecks);
  }

  /** Type errors of a cell that is to run, now; its names count as declared. Empty where the server cannot be had. */
  async check(code: string): Promise<readonly Diagnostic[]> {
    this.start();
    const { server } = this;
    if (!server || this.hasFailed) return [];
    try {
      await this.ready;
      this.catchUp();
      return await this.errorsOf(server, this.addCell(code));
    } catch (error) {
      if (!this.hasFailed) this.log(`type check: ${(error as Error).message}`);
      return [];
    }
  }

  /** Starts the server, if it does not run. Returns at once. */
  private start(): void {
    if (this.hasFailed || (this.server && !this.server.isOver)) return;
    this.isReady = false;
    this.hasAnswered = false;
    this.lastCompletion = undefined;
    try {
      const server = new LanguageServer(this.folder);
      this.server = server;
      this.shared = new ChangingDocument(this.shared.uri);
      this.next = new ChangingDocument(this.next.uri);
      // Reading cells takes the parser, which the first cell's result does not wait for.
      const documents = import("./documents.ts").then((loaded) => {
        this.documents = loaded;
      });
      this.ready = Promise.all([server.ready, documents]).then(() => {});
      this.ready.then(
        () => {
          this.openDocument(server, uriOf(this.folder, `${this.prefix}globals.d`), globalTypes);
          for (const { uri, text } of this.open) this.openDocument(server, uri, text);
          this.isReady = true;
          // The first question loads the library; better now than when somebody waits for it.
          this.complete("Math.", 5).then(
            () => {
              this.hasAnswered = true;
            },
            () => {},
          );
        },
        (error: Error) => this.fail(error),
      );
    } catch (error) {
      this.fail(error as Error);
    }
  }

  stop(): void {
    this.hasFailed = true;
    clearTimeout(this.resting);
    this.server?.stop();
  }

  /** The server has answered once: answers come within milliseconds. */
  get isWarm(): boolean {
    return this.hasAnswered;
  }

  private get isStarted(): boolean {
    return this.isReady && this.server?.isOver === false;
  }

  /** The runtime was restarted or reset: no cell's names are there any more. */
  forget(): void {
    for (const { uri } of this.open) this.server?.notify("textDocument/didClose", { textDocument: { uri } });
    this.open = [];
    this.lastCompletion = undefined;
    this.fresh = [];
    this.unchecked = [];
    this.owners = new Map();
  }

  private addCell(code: string): CheckedCell {
    const document = new this.documents!.CellDocument(code, this.owners, this.folder);
    const { declarations } = document.symbols;
    if (!declarations.length) return { document, uri: undefined };
    const file = `${this.prefix}${++this.numCells}`;
    for (const declaration of declarations) this.owners.set(declaration.name, { file, declaration });
    const uri = uriOf(this.folder, file);
    this.open.push({ uri, text: document.text });
    if (this.isStarted) this.openDocument(this.server!, uri, document.text);
    if (this.open.length > maxCells) this.close(this.open.shift()!.uri);
    return { document, uri };
  }

  private async errorsOf(server: LanguageServer, { document, uri }: CheckedCell): Promise<Diagnostic[]> {
    // A cell that declares nothing is checked in a document that all such cells share: a new file costs the server more.
    if (uri === undefined) this.shared.write(server, document.text);
    return (await errorsAt(server, uri ?? this.shared.uri)).flatMap(({ code, message, range }) => {
      const start = document.offsetOf(range.start);
      const end = document.offsetOf(range.end);
      return start === undefined ? [] : [{ code, message, start, end: end ?? start }];
    });
  }

  /**
   * Errors of a cell that is being written; names that only `others`, cells of the notebook that may not have run, declare
   * may be anything. Empty for cells under a `%%` magic and where the server cannot be had.
   */
  async draft(code: string, others: readonly string[]): Promise<readonly PlacedDiagnostic[]> {
    this.start();
    const { server } = this;
    if (!server || this.hasFailed || /^\s*%%/.test(code)) return [];
    await this.ready;
    this.catchUp();
    const promised = new Set(others.flatMap((other) => this.namesOf(other)));
    const document = new this.documents!.CellDocument(code, this.owners, this.folder, promised);
    this.next.write(server, document.text);
    return (await errorsAt(server, this.next.uri)).flatMap(({ code: number, message, range }) => {
      const start = document.placeOf(range.start);
      if (!start || number === notGeneric) return [];
      return [{ code: number, message, start, end: document.placeOf(range.end) ?? start }];
    });
  }

  /** What a text of a cell declares; kept while front ends ask with the same texts again and again. */
  private namesOf(code: string): readonly string[] {
    let names = this.names.get(code);
    if (!names) {
      names = this.documents!.namesOf(code);
      if (this.names.size >= maxCells) this.names.clear();
      this.names.set(code, names);
    }
    return names;
  }

  /**
   * What may stand at `offset` (UTF-16 units) of a cell that is being written, where a name with `prefixLength` characters
   * has begun. The last answer is kept: it is the same while that name is typed on.
   */
  complete(code: string, offset: number, prefixLength = 0): Promise<TypedCompletion[]> {
    this.start();
    if (!this.isStarted) return Promise.resolve([]);
    this.catchUp();
    const key = this.keyOf(code, offset, prefixLength);
    if (this.lastCompletion?.key !== key) {
      const items = this.askCompletion(code, offset);
      const last: typeof this.lastCompletion = { key, items };
      this.lastCompletion = last;
      items.then(
        (answer) => {
          last.answer = answer;
        },
        () => {
          if (this.lastCompletion === last) this.lastCompletion = undefined;
        },
      );
    }
    return this.lastCompletion!.items;
  }

  /** What `complete` has answered for this place already; empty where it has not. Never waits. */
  known(code: string, offset: number, prefixLength = 0): readonly TypedCompletion[] {
    const { key, answer } = this.lastCompletion ?? {};
    return answer && !this.fresh.length && key === this.keyOf(code, offset, prefixLength) ? answer : [];
  }

  private keyOf(code: string, offset: number, prefixLength: number): string {
    const start = offset - prefixLength;
    return `${this.numCells} ${start} ${code.slice(0, start)}\0${code.slice(offset)}`;
  }

  private async askCompletion(code: string, offset: number): Promise<TypedCompletion[]> {
    const document = this.write(code);
    const result = await this.server!.request<{ items?: CompletionItem[] } | CompletionItem[] | null>(
      "textDocument/completion",
      { textDocument: { uri: this.next.uri }, position: document.positionAt(offset) },
    );
    const items = Array.isArray(result) ? result : (result?.items ?? []);
    return [...items]
      .sort((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1))
      .map((item) => ({
        name: item.label.replace(/\?$/, ""),
        type: kinds[item.kind ?? 0] ?? "",
        signature: item.labelDetails?.detail ?? item.detail ?? "",
      }));
  }

  /** Signature and documentation, as Markdown, of what stands at `offset`; undefined where nothing does. */
  async hover(code: string, offset: number): Promise<string | undefined> {
    this.start();
    if (!this.isStarted) return undefined;
    this.catchUp();
    const document = this.write(code);
    const result = await this.server!.request<{ contents?: { value?: string } | string } | null>("textDocument/hover", {
      textDocument: { uri: this.next.uri },
      position: document.positionAt(offset),
    });
    const contents = result?.contents;
    const text = typeof contents === "string" ? contents : contents?.value;
    // Names of other cells come by an import that is none of the reader's business.
    return text?.replace(/^\(alias\) /m, "").replace(/\nimport [\w$]+(?=\n```)/, "");
  }

  /** The cell being written, as the server now has it. */
  private write(code: string): Documents.CellDocument {
    const document = new this.documents!.CellDocument(code, this.owners, this.folder);
    this.next.write(this.server!, document.text);
    return document;
  }

  private openDocument(server: LanguageServer, uri: string, text: string): void {
    server.notify("textDocument/didOpen", { textDocument: { uri, languageId: "typescript", version: 1, text } });
  }

  private close(uri: string): void {
    if (this.isStarted) this.server!.notify("textDocument/didClose", { textDocument: { uri } });
  }

  private fail(error: Error): void {
    this.hasFailed = true;
    this.log(`types are not available: ${error.message}`);
  }
}
