/** What a cell imports: `import { tensor, Model, graph } from "inferlab"`. */
export { InferlabError } from "../base/errors.ts";
export { Image } from "../base/image.ts";
export { Tensor } from "../base/tensor.ts";
export type { CompileOptions, InstructionReport, RunOptions } from "../runtime/engine.ts";
export { Session } from "../runtime/session.ts";
export type { Trace, TraceEvent } from "../runtime/trace.ts";
export { GraphBuilder, GraphValue, graph } from "./graph.ts";
export { Model } from "./model.ts";
export { tensor } from "./tensor.ts";
