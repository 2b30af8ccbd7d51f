/** `inferlab bench`: engines measured on a model. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { InferlabError } from "../base/errors.ts";
import { readModel } from "../compiler/formats/read.ts";
import { inferShapes } from "../compiler/ir/infer.ts";
import { benchmark } from "../profile/benchmark.ts";
import { number, shapes, sizes } from "./model-arguments.ts";

const usage = `usage: inferlab bench model.onnx [options]

Measures engines on a model, in turn: median and 95th percentile of a run, throughput, compiling, first run, memory, the
outputs' difference from ONNX Runtime's, and how many instructions have kernels of the engine's own.

  --engine NAME           native, ort, reference (repeatable; default: native and ort, as far as they can be used)
  --threads N             threads of a run (repeatable; default: what the engine takes)
  --shape x=1,3,224,224   shape of an input (repeatable; the same input again: another shape to try)
  --size n=16             size of a symbol (repeatable; default 1)
  --runs N                runs of each (default 50)
  --budget MS             time to measure each shape (default 10000)
  --truth NAME            engine to compare outputs with, or none (default ort)
  --json                  print JSON
  --output FILE           write the report, as JSON where the name ends so, else as Markdown`;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engine: { type: "string", multiple: true },
      threads: { type: "string", multiple: true },
      shape: { type: "string", multiple: true },
      size: { type: "string", multiple: true },
      runs: { type: "string" },
      budget: { type: "string" },
      truth: { type: "string" },
      json: { type: "boolean" },
      output: { type: "string", short: "o" },
      help: { type: "boolean", short: "h" },
    },
  });
  const [path] = positionals;
  if (values.help || !path) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const graph = readModel(path);
  inferShapes(graph);
  const threads = values.threads?.map((text) => number(text, "threads")!);
  const runs = number(values.runs, "runs");
  const budgetMs = number(values.budget, "budget");
  const report = await benchmark(graph, {
    ...(values.engine ? { engines: values.engine } : {}),
    ...(threads ? { threads } : {}),
    ...(values.shape ? { shapes: shapeSets(values.shape) } : {}),
    sizes: sizes(values.size, "size"),
    ...(runs === undefined ? {} : { runs }),
    ...(budgetMs === undefined ? {} : { budgetMs }),
    ...(values.truth ? { truth: values.truth === "none" ? false : values.truth } : {}),
  });
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  if (values.output) writeFileSync(values.output, /\.json$/i.test(values.output) ? json : report.toMarkdown());
  console.log(values.json ? json.trimEnd() : report.toMarkdown());
  return report.rows.some((row) => row.error === undefined) ? 0 : 1;
}

/** Sets of shapes: a new one begins where an input comes again, and starts from the one before. */
function shapeSets(list: readonly string[]): Record<string, readonly number[]>[] {
  const sets: Record<string, readonly number[]>[] = [{}];
  let named = new Set<string>();
  for (const item of list)
    for (const [name, shape] of Object.entries(shapes([item], "shape"))) {
      const numbers = shape.map((dim) => {
        if (typeof dim === "number") return dim;
        throw new InferlabError("ARGUMENT", `--shape ${name} has ${JSON.stringify(dim)}, expected numbers`);
      });
      if (named.has(name)) {
        sets.push({ ...sets.at(-1)! });
        named = new Set();
      }
      named.add(name);
      sets.at(-1)![name] = numbers;
    }
  return sets;
}
