/** What benches over nets share: their command line, and tables that are printed and kept in docs/performance.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { packageRoot } from "../../src/base/package-root.ts";
import { findNets, type Net } from "./nets.ts";

const shared = { update: { type: "boolean", default: false }, help: { type: "boolean", default: false } } as const;

interface NetArguments<O extends NonNullable<ParseArgsConfig["options"]>> {
  readonly options: ReturnType<typeof parseArgs<{ allowPositionals: true; options: typeof shared & O }>>["values"];
  readonly nets: readonly Net[];
}

/**
 * Options of a bench and the nets whose names contain one of its positional arguments, all where there are none. Ends the
 * process where help is asked for, or an update of a whole table for a part of the nets.
 */
export function netArguments<const O extends NonNullable<ParseArgsConfig["options"]>>(
  usage: string,
  own: O,
): NetArguments<O> {
  const { values, positionals: filters } = parseArgs({
    allowPositionals: true,
    options: { ...shared, ...own },
  });
  const { help, update } = values as { help?: boolean; update?: boolean };
  if (help) {
    console.log(usage);
    process.exit(0);
  }
  if (update && filters.length > 0) {
    console.error("--update writes the whole table: leave the filters out");
    process.exit(2);
  }
  const nets = findNets().filter(({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)));
  return { options: values, nets };
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Lines that are printed at once and can be kept. */
export class Report {
  private readonly name: string;
  private readonly lines: string[] = [];

  /** `name`: of the table's markers in docs/performance.md. */
  constructor(name: string) {
    this.name = name;
  }

  say(line: string): void {
    console.log(line);
    this.lines.push(line.trimEnd());
  }

  /** Puts what was said so far, with the machine's facts and `more` of them, in place of the table in docs/performance.md. */
  update(...more: readonly string[]): void {
    const file = join(packageRoot, "docs", "performance.md");
    const text = readFileSync(file, "utf8");
    const [begin, end] = [`<!-- ${this.name}: begin -->`, `<!-- ${this.name}: end -->`];
    if (!text.includes(begin) || !text.includes(end)) throw new Error(`${file} has no place for the table (${begin})`);
    const facts = [`${cpus().length} × ${cpus()[0]?.model ?? "?"}`, `Node ${process.versions.node}`, ...more].join(
      ", ",
    );
    const table = `${begin}\n\`\`\`\n${facts}\n${this.lines.join("\n")}\n\`\`\`\n${end}`;
    writeFileSync(file, text.slice(0, text.indexOf(begin)) + table + text.slice(text.indexOf(end) + end.length));
  }
}
