/** Counts by operator, the committed figures, and the page that shows them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "./pool.ts";

export interface EngineFigures {
  readonly passed: number;
  readonly total: number;
  /** Tests that did not pass, by path, with the reason. */
  readonly failed: Readonly<Record<string, string>>;
}

export interface Figures {
  /** Tests by operator. */
  readonly operators: Readonly<Record<string, number>>;
  readonly engines: Readonly<Record<string, EngineFigures>>;
}

export function countByOperator(outcomes: readonly Outcome[]): Map<string, { passed: number; total: number }> {
  const counts = new Map<string, { passed: number; total: number }>();
  for (const { op, passed } of outcomes) {
    const count = counts.get(op) ?? { passed: 0, total: 0 };
    counts.set(op, { passed: count.passed + (passed ? 1 : 0), total: count.total + 1 });
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function figuresOf(outcomes: readonly Outcome[]): EngineFigures {
  const failed = outcomes.filter((outcome) => !outcome.passed).sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    passed: outcomes.length - failed.length,
    total: outcomes.length,
    failed: Object.fromEntries(failed.map(({ path, reason }) => [path, reason ?? ""])),
  };
}

export function readFigures(file: string): Figures {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Figures) : { operators: {}, engines: {} };
}

/** Puts one engine's outcomes beside the others' and writes both files. */
export function writeFigures(jsonFile: string, pageFile: string, engine: string, outcomes: readonly Outcome[]): void {
  const counts = countByOperator(outcomes);
  const before = readFigures(jsonFile);
  const opOf = Object.fromEntries(outcomes.map(({ path, op }) => [path, op]));
  const figures: Figures = {
    operators: Object.fromEntries([...counts].map(([op, { total }]) => [op, total])),
    engines: Object.fromEntries(
      Object.entries({ ...before.engines, [engine]: figuresOf(outcomes) }).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
  writeFileSync(jsonFile, `${JSON.stringify(figures, undefined, 2)}\n`);
  writeFileSync(pageFile, page(figures, opOf));
}

const order = ["reference", "native", "ort"];

/** Why a test cannot be passed, for those that were looked into. */
const causes: readonly (readonly [path: RegExp, cause: string])[] = [
  [
    /castlike_FLOAT_to_BFLOAT16@v1\.13/,
    "the file feeds one element to an input that it declares as [3,4], and expects values cut off instead of rounded",
  ],
  [
    /FLOAT_to_BFLOAT16@v1\.1[3-8]/,
    "the file's expected values are cut off after the mantissa (0.8191054 becomes 0.81640625); the standard rounds to nearest even, as the tests of v1.19 on expect",
  ],
  [
    /test_dft_inverse_opset19$/,
    "the file expects the rounding noise of a float32 transform, 1.9e-7, where the result is 0 and 1e-7 is allowed",
  ],
];
const causeOf = (path: string): string => causes.find(([known]) => known.test(path))?.[1] ?? "not known yet";
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function page({ operators, engines }: Figures, opOf: Readonly<Record<string, string>>): string {
  const names = order.filter((name) => engines[name]);
  const failedIn = (engine: string, op: string) =>
    Object.keys(engines[engine]!.failed).filter((path) => opOf[path] === op).length;
  const total = Object.values(operators).reduce((sum, count) => sum + count, 0);
  const lines = [
    "# Conformance",
    "",
    `The ${total} developer tests of the ONNX project's backend tests (tag v1.22.0 and older, operator sets up to 27): outputs`,
    "of the expected type and shape, and |got - expected| <= 1e-7 + 1e-3 · |expected|. Each test runs in a child process, so a",
    "crash or a hang costs that test only. `ort` is onnxruntime-node through its own JavaScript API, which has no bfloat16,",
    "int4, float8, sequences or optionals: what it does not pass is listed with its reason in test/full/conformance.json.",
    "",
    "```sh",
    "npm run conformance                            # the whole pack on the reference engine",
    "npm run conformance -- --engine ort --op Conv  # one operator on another engine",
    "npm run conformance -- --write                 # and keep the figures on this page",
    "```",
    "",
    `| operator | tests | ${names.join(" | ")} |`,
    `| --- | ---: | ${names.map(() => "---:").join(" | ")} |`,
    `| **all** | **${total}** | ${names.map((name) => `**${engines[name]!.passed}**`).join(" | ")} |`,
  ];
  for (const [op, count] of Object.entries(operators))
    lines.push(`| ${op} | ${count} | ${names.map((name) => count - failedIn(name, op)).join(" | ")} |`);
  for (const name of names.filter((engine) => engine !== "ort")) {
    const failed = Object.entries(engines[name]!.failed);
    lines.push("", `## Not passed by ${name}: ${failed.length}`, "");
    if (failed.length) lines.push("| test | what happens | why |", "| --- | --- | --- |");
    for (const [path, reason] of failed) lines.push(`| ${path} | ${cell(reason)} | ${causeOf(path)} |`);
  }
  lines.push(
    "",
    "## Random graphs",
    "",
    "`node dist/scripts/fuzz.js` makes random graphs of what real nets do (convolution blocks, squeeze-excite, channel",
    "shuffle, attention, shape arithmetic, quantised starts, branches, loops) from seeds and compares the reference with the",
    "passes, the native engine and onnxruntime-node. A graph on which they differ is cut down to the nodes that matter;",
    "saved into `test/ops/fuzz-cases` it stays a test.",
    "",
    "```sh",
    "npm run build && node dist/scripts/fuzz.js --from 1 --count 200 --out fuzz-failures",
    "```",
  );
  return `${lines.join("\n")}\n`;
}
