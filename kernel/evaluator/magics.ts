/**
 * Magics: lines that begin with `%` or `!`, and cells that begin with `%%`, rewritten to TypeScript before anything else
 * sees the cell. One entry of the table is one magic; what needs the runtime calls runtime/magics.ts.
 *
 * A line counts only where a statement may begin: not in a template literal, not as the second line of an expression.
 */
import { parseSync } from "./parser.ts";

export interface Magic {
  readonly usage: string;
  readonly about: string;
  /** The TypeScript of `%name args`. */
  readonly line?: (args: string) => string;
  /** The TypeScript of `%%name args` with the cell's other lines; lines keep their number where code is kept. */
  readonly cell?: (args: string, body: string) => string;
}

const quote = (text: string): string => JSON.stringify(text);
const call = (name: string, ...args: string[]): string => `$inferlab.magic.${name}(${args.join(", ")})`;

/** `() => expr`, async where the expression awaits. */
const thunk = (code: string): string => `${/\bawait\b/.test(code) ? "async " : ""}() => (${code.replace(/;\s*$/, "")})`;
const thunkOfBody = (body: string): string => `${/\bawait\b/.test(body) ? "async " : ""}() => {${body}\n}`;

const show = (type: string) => (_args: string, body: string) => `display({ ${quote(type)}: ${quote(body)} }); void 0`;

export const magics: Readonly<Record<string, Magic>> = {
  time: {
    usage: "%time EXPRESSION, or %%time above a cell",
    about: "how long an expression or a cell takes",
    line: (args) => `await ${call("time", thunk(args))}`,
    cell: (_args, body) => `${call("timeCell")};\n${body}`,
  },
  timeit: {
    usage: "%timeit EXPRESSION, or %%timeit above a cell",
    about: "runs code many times: mean, deviation, fastest, median",
    line: (args) => `await ${call("timeit", thunk(args))}`,
    cell: (_args, body) => `await ${call("timeit", thunkOfBody(`\n${body}`))}`,
  },
  who: { usage: "%who", about: "the variables there are, with their types", line: () => call("who") },
  reset: { usage: "%reset", about: "sets every variable to undefined", line: () => call("reset") },
  install: {
    usage: "%install PACKAGE …",
    about: "adds npm packages to the notebook's folder",
    line: (args) => `await ${call("install", JSON.stringify(args.split(/\s+/).filter(Boolean)))}`,
  },
  env: {
    usage: "%env, %env NAME, %env NAME=VALUE",
    about: "shows or sets environment variables",
    line: (args) => call("env", quote(args)),
  },
  load: {
    usage: "%load FILE",
    about: "puts a file's text into the cell",
    line: (args) => `await ${call("load", quote(args))}`,
  },
  html: { usage: "%%html", about: "shows the cell as HTML", cell: show("text/html") },
  js: { usage: "%%js", about: "runs the cell as JavaScript in the page", cell: show("application/javascript") },
  markdown: { usage: "%%markdown", about: "shows the cell as Markdown", cell: show("text/markdown") },
  latex: { usage: "%%latex", about: "shows the cell as LaTeX", cell: show("text/latex") },
  svg: { usage: "%%svg", about: "shows the cell as SVG", cell: show("image/svg+xml") },
  bash: {
    usage: "%%bash",
    about: "runs the cell with bash; a failing script fails the cell",
    cell: (_args, body) => `await ${call("bash", quote(body))}`,
  },
  strict: {
    usage: "%strict on, %strict off",
    about: "whether type errors keep a cell from running",
    line: () => "void 0",
  },
  help: {
    usage: "%help",
    about: "this table",
    line: () => `display({ "text/plain": ${quote(helpText())}, "text/markdown": ${quote(helpMarkdown())} }); void 0`,
  },
};

const shellUsage = { usage: "!COMMAND", about: "runs a command; what it prints comes as it prints it" };

function helpText(): string {
  const rows = [shellUsage, ...Object.values(magics)];
  const width = Math.max(...rows.map((row) => row.usage.length));
  return rows.map((row) => `${row.usage.padEnd(width)}  ${row.about}`).join("\n");
}

function helpMarkdown(): string {
  const rows = [shellUsage, ...Object.values(magics)];
  return ["| magic | what it does |", "|---|---|", ...rows.map((row) => `| \`${row.usage}\` | ${row.about} |`)].join(
    "\n",
  );
}

/** Text before a line is whole statements: a magic may begin here. */
function isWhole(before: string): boolean {
  return before.trim() === "" || parseSync("cell.ts", before, { sourceType: "module", lang: "ts" }).errors.length === 0;
}

/** The cell with its magics rewritten; other lines keep their number. */
export function expandMagics(cell: string): string {
  if (!/^\s*[%!]/m.test(cell)) return cell;
  const header = /^\s*%%(\w+)[^\S\n]*([^\n]*)\n?/.exec(cell);
  if (header) {
    const magic = Object.hasOwn(magics, header[1]!) ? magics[header[1]!]! : undefined;
    if (magic?.cell) return magic.cell(header[2]!.trim(), expandMagics(cell.slice(header[0].length)));
  }
  const lines = cell.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const replaced = lineMagic(lines[index]!);
    if (replaced !== undefined && isWhole(lines.slice(0, index).join("\n"))) lines[index] = replaced;
  }
  return lines.join("\n");
}

function lineMagic(line: string): string | undefined {
  const shell = /^\s*!\s*([A-Za-z./~].*)$/.exec(line);
  if (shell) return `await ${call("shell", quote(shell[1]!))};`;
  const match = /^\s*%(\w+)\s*(.*)$/.exec(line);
  if (!match || !Object.hasOwn(magics, match[1]!)) return undefined;
  const magic = magics[match[1]!]!;
  return magic.line && `${magic.line(match[2]!.trim())};`;
}

/** What `%strict` says in a cell, if it is there. */
export function strictness(cell: string): boolean | undefined {
  const match = /^\s*%strict(?:\s+(on|off))?\s*$/m.exec(cell);
  return match ? match[1] !== "off" : undefined;
}

/** Names that complete a line beginning with `%` or `%%`. */
export function magicNames(prefix: string): string[] {
  const isCell = prefix.startsWith("%%");
  const wanted = prefix.replace(/^%+/, "");
  return Object.entries(magics)
    .filter(([name, magic]) => name.startsWith(wanted) && (isCell ? magic.cell : magic.line))
    .map(([name]) => `${isCell ? "%%" : "%"}${name}`);
}
