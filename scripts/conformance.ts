/**
 * Runs the ONNX backend tests on an engine: `npm run conformance -- [--pack DIR] [--engine NAME] [--op OP] [--test TEXT]
 * [--processes N] [--timeout SECONDS] [--json] [--write]`. Prints passed of total per operator and in all; --json prints
 * the outcomes instead; --write keeps the figures of a whole pack in test/full/conformance.json and docs/conformance.md.
 * Exits with 1 where an argument is wrong, not where tests fail: test/full/conformance.test.ts guards the figures.
 */
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { env } from "../src/base/env.ts";
import { InferlabError } from "../src/base/errors.ts";
import { readPack } from "./conformance/pack.ts";
import { runPool } from "./conformance/pool.ts";
import { countByOperator, writeFigures } from "./conformance/report.ts";
import { runners } from "./conformance/runners.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      pack: {
        type: "string",
        default: join(env("INFERLAB_SHARED") ?? join(root, "..", "shared"), "onnx-backend-tests"),
      },
      engine: { type: "string", default: "reference" },
      op: { type: "string" },
      test: { type: "string" },
      processes: { type: "string", default: String(cpus().length) },
      timeout: { type: "string", default: "300" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  if (!runners[values.engine])
    throw new InferlabError(
      "ARGUMENT",
      `engine is ${JSON.stringify(values.engine)}, expected one of ${Object.keys(runners).join(", ")}`,
    );
  const tests = readPack(values.pack).filter(
    ({ op, path }) => (!values.op || op === values.op) && (!values.test || path.includes(values.test)),
  );
  const outcomes = await runPool(tests, {
    engine: values.engine,
    folder: values.pack,
    processes: Number(values.processes),
    timeoutMs: Number(values.timeout) * 1000,
  });
  if (values.json) console.log(JSON.stringify(outcomes, undefined, 1));
  else {
    for (const [op, { passed, total }] of countByOperator(outcomes))
      console.log(`${op.padEnd(30)} ${String(passed).padStart(5)} of ${String(total).padStart(5)}`);
    if (values.op || values.test)
      for (const { path, reason } of outcomes) if (reason !== undefined) console.log(`  ${path}: ${reason}`);
    const passed = outcomes.filter((outcome) => outcome.passed).length;
    console.log(`${values.engine}: ${passed} of ${outcomes.length} passed`);
  }
  if (values.write) {
    if (values.op || values.test) throw new InferlabError("ARGUMENT", "--write keeps the figures of a whole pack");
    const [json, page] = [join(root, "test", "full", "conformance.json"), join(root, "docs", "conformance.md")];
    writeFigures(json, page, values.engine, outcomes);
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof InferlabError ? error.describe() : error);
  process.exitCode = 1;
}
