/** Types that hold for several values at once: what branches and loop iterations have in common. */
import type { Shape } from "../../base/shapes.ts";
import { tensorType, type ValueType } from "../../base/value-type.ts";
import type { InferContext } from "../operator.ts";

/** The type both are instances of: dimensions that differ become fresh symbols. Undefined where there is none. */
export function generalize(
  c: Pick<InferContext, "freshDim">,
  a: ValueType | undefined,
  b: ValueType | undefined,
): ValueType | undefined {
  if (!a || !b || a.kind !== b.kind) return undefined;
  if (a.kind === "map") {
    const other = b as typeof a;
    const value = a.key === other.key ? generalize(c, a.value, other.value) : undefined;
    return value?.kind === "tensor" ? { kind: "map", key: a.key, value } : undefined;
  }
  if (a.kind !== "tensor") {
    const element = generalize(c, a.element, (b as typeof a).element);
    return element && { kind: a.kind, element };
  }
  const other = b as typeof a;
  if (a.dtype !== other.dtype) return undefined;
  if (!a.shape || !other.shape || a.shape.length !== other.shape.length) return tensorType(a.dtype);
  return tensorType(a.dtype, commonShape(c, a.shape, other.shape));
}

const commonShape = (c: Pick<InferContext, "freshDim">, a: Shape, b: Shape): Shape =>
  a.map((dim, axis) => (dim === b[axis] ? dim : c.freshDim()));

/**
 * Types of the values a loop carries, such that its body maps them to themselves: `step` infers the body for given types.
 * A dimension that an iteration changes is a fresh symbol; a type that will not settle has no shape.
 */
export function settle(
  c: Pick<InferContext, "freshDim">,
  initial: readonly (ValueType | undefined)[],
  step: (types: readonly (ValueType | undefined)[]) => readonly (ValueType | undefined)[],
): (ValueType | undefined)[] {
  let types = [...initial];
  const open = initial.map(() => new Set<number>());
  // A round opens at least one axis or ends it; a rank that changes ends it for that value at once.
  for (let round = 0; round < 8; round++) {
    const after = step(types);
    let changed = false;
    types = types.map((before, index) => {
      const made = after[index];
      if (before?.kind !== "tensor" || made?.kind !== "tensor" || before.dtype !== made.dtype || !before.shape)
        return before;
      if (!made.shape || made.shape.length !== before.shape.length) {
        changed = true;
        return tensorType(before.dtype);
      }
      const shape = before.shape.map((dim, axis) => {
        if (dim === made.shape![axis] || open[index]!.has(axis)) return dim;
        open[index]!.add(axis);
        changed = true;
        return c.freshDim();
      });
      return tensorType(before.dtype, shape);
    });
    if (!changed) break;
  }
  // Outside, after an unknown number of iterations, an open axis has yet another size.
  return types.map((type, index) =>
    type?.kind === "tensor" && type.shape
      ? tensorType(
          type.dtype,
          type.shape.map((dim, axis) => (open[index]!.has(axis) ? c.freshDim() : dim)),
        )
      : type,
  );
}
