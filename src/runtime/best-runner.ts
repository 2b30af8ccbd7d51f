/** What runs two graphs that are to be compared: ONNX Runtime where it is installed, else the reference operators. */
import { type Runner, referenceRunner } from "../compiler/tools/compare.ts";
import { compileGraph } from "./compile.ts";
import { engines } from "./engines.ts";

/** A runner that none of our passes and kernels is in, so that a wrong one cannot hide. */
export function bestRunner(): { readonly name: string; readonly run: Runner } {
  const ort = engines.find((engine) => engine.name === "ort");
  if (!ort?.available().ok) return { name: "reference", run: referenceRunner };
  const run: Runner = async (graph, feeds) => {
    const session = await compileGraph(graph, { engine: "ort", optimize: "none" });
    try {
      return await session.run({ ...feeds });
    } finally {
      session.dispose();
    }
  };
  return { name: "ort", run };
}
