/**
 * Magics: lines that begin with `%` or `!`, and cells that begin with `%%`. One entry of the table is one magic;
 * expand-magics.ts puts its TypeScript in the line's place, what needs the runtime calls runtime/magics.ts.
 */

export interface Magic {
  readonly usage: string;
  readonly about: string;
  /** The TypeScript of `%name args`. */
  readonly line?: (args: string) => string;
  /** The TypeScript of `%%name args` with the cell's other lines; lines keep their number where code is kept. */
  readonly cell?: (args: string, body: string) => string;
}

export const quote = (text: string): string => JSON.stringify(text);
export const call = (name: string, ...args: string[]): string => `$inferlab.magic.${name}(${args.join(", ")})`;

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
  profile: {
    usage: "%%profile above a cell",
    about: "where the cell's time goes: JavaScript and engines on one timeline, in place of the last value",
    cell: (_args, body) =>
      `await ${call("profileBegin", 'import("inferlab")')};\n${body}\n;await ${call("profileEnd")};`,
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
