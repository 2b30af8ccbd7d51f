/** A benchmark: engines in rows, the median with its bar first. */
import { type MimeBundle, registerDisplay } from "../base/display-hook.ts";
import { clip, html } from "../base/escape.ts";
import type { Benchmark } from "../profile/benchmark.ts";
import { bundle, type DisplayOptions, frame } from "./bundle.ts";
import { enhance, uniqueId } from "./enhance.ts";
import { htmlTable } from "./profile.ts";
import { bar, plural, textTable } from "./text.ts";

/** The bundle of a benchmark. */
export function displayBenchmark(benchmark: Benchmark, options: DisplayOptions = {}): MimeBundle {
  const { head, rows } = benchmark.table();
  const id = uniqueId();
  const summary = `benchmark · ${clip(benchmark.model, 40)} · ${clip(benchmark.machine, 60)} · ${plural(rows.length, "row")}${benchmark.truth ? ` · errors against ${clip(benchmark.truth, 20)}` : ""}`;
  const longest = Math.max(...benchmark.rows.map((row) => row.p50Ms || 0), 0) || 1;
  const bars = benchmark.rows.map((row) => bar((row.p50Ms || 0) / longest, 10));
  const shown = rows.slice(0, 100).map((row, i) => {
    const cells = row.map((cell) => clip(cell, 60));
    return [...cells.slice(0, 4), bars[i]!, ...cells.slice(4)];
  });
  const heads = [...head.slice(0, 4), "", ...head.slice(4)];
  const missing = benchmark.rows
    .filter((row) => row.missing.length > 0)
    .map((row) => `${clip(row.engine, 30)} ran on the reference: ${clip(row.missing.join(", "), 200)}`);
  return bundle(
    {
      text: [
        summary,
        textTable(
          [heads, ...shown].map((row) => [...row]),
          ["left", "right", "left", "right", "left", "right", "right", "right", "right", "right", "right", "right"],
        ),
        ...missing,
      ].join("\n"),
      html: frame(
        id,
        html`<div><b>${summary}</b></div>`,
        htmlTable(heads, shown, [0, 2, 4]),
        missing.map((line) => html`<div>${line}</div>`),
        html`<div><small>engines measured in turn; ± half the distance of the quartiles; throughput counts the first axis; memory: what the process took more since before compiling; coverage: instructions on the engine's own kernels</small></div>`,
      ),
      script: enhance(id, { sortable: {} }),
    },
    options,
  );
}

registerDisplay("benchmark", displayBenchmark);
