/**
 * npm run bench -- blas [--threads 1,2] [--seconds 0.5]
 *
 * Square products f32, native beside ONNX Runtime, interleaved in one process: GFLOP/s of the median run, its share of this machine's
 * FMA peak is that divided by what docs/performance.md measured. B is a weight in both: each packs it once.
 */
import { graph } from "../src/api/graph.ts";
import { Tensor } from "../src/base/tensor.ts";
import { interleave } from "./support/timing.ts";

const args = process.argv.slice(2);
const option = (name: string, otherwise: string): string => {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : args[at + 1]!;
};
const seconds = Number(option("--seconds", "0.5"));

for (const threads of option("--threads", "1,2").split(",").map(Number)) {
  console.log(
    `\nthreads ${threads}\n${"size".padStart(6)} ${"native".padStart(10)} ${"ort".padStart(10)}  GFLOP/s, ratio`,
  );
  for (const n of [32, 48, 64, 100, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048]) {
    const fill = () => Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
    const g = graph("product");
    const x = g.input("x", "float32", [n, n]);
    g.output("y", x.matmul(new Tensor("float32", [n, n], fill())));
    const model = g.toModel();
    const native = await model.compile({ engine: "native", threads });
    const ort = await model.compile({ engine: "ort", threads });
    const feeds = { x: new Tensor("float32", [n, n], fill()) };
    const [ours, theirs] = await interleave([() => native.run(feeds), () => ort.run(feeds)], seconds);
    const rate = (ms: number) => (2 * n ** 3) / ms / 1e6;
    console.log(
      `${String(n).padStart(6)} ${rate(ours!.medianMs).toFixed(1).padStart(10)} ${rate(theirs!.medianMs).toFixed(1).padStart(10)}  ${(theirs!.medianMs / ours!.medianMs).toFixed(2)}`,
    );
    native.dispose();
    ort.dispose();
  }
}
process.exit(0);
