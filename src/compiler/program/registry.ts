/** What the files of lower/ declare, by what it is asked for. */
import type { Operator } from "../../ops/operator.ts";
import * as declarations from "./lower/registry.gen.ts";
import type { LayoutConversion, Lowering } from "./lowering.ts";
import { collectSchema, type Schema } from "./schema.ts";

export const schema: Schema = collectSchema(declarations);

const lowerings = new Map<string, Lowering>();
export const layouts = new Map<string, LayoutConversion>();
for (const declared of Object.values(declarations) as { kind: string }[]) {
  if (declared.kind === "lowering") {
    for (const name of (declared as Lowering).operators) lowerings.set(name, declared as Lowering);
  } else if (declared.kind === "layout") {
    layouts.set((declared as LayoutConversion).layout, declared as LayoutConversion);
  }
}

/** The lowering of an operator, or undefined where there is none. */
export function findLowering(operator: Operator): Lowering | undefined {
  return lowerings.get(operator.domain ? `${operator.domain}.${operator.name}` : operator.name);
}
