/** Operators that the table does not have: a model with them can be loaded, shown, cut and saved, but not run. */
import { findOperator, normalizeDomain, unknownOperatorError } from "../../ops/lookup.ts";
import { type Operator, operator } from "../../ops/operator.ts";

const opaque = new Map<string, Operator>();
const opaqueOperators = new WeakSet<Operator>();

/** The table's operator, or a placeholder whose inference and reference throw UNKNOWN_OPERATOR. */
export function operatorOrOpaque(domain: string, name: string): Operator {
  const known = findOperator(domain, name);
  if (known) return known;
  const home = normalizeDomain(domain);
  const key = `${home}\0${name}`;
  let found = opaque.get(key);
  if (!found) {
    found = operator({
      name,
      domain: home,
      since: [1],
      doc: "An operator that is not in the operator table.",
      inputs: [{ name: "inputs", type: "V", optional: true, variadic: true }],
      outputs: [],
      nondeterministic: true,
      infer() {
        throw unknownOperatorError(home, name);
      },
      reference() {
        throw unknownOperatorError(home, name);
      },
    });
    opaqueOperators.add(found);
    // Files choose the names: a bounded memory of them.
    if (opaque.size > 1000) opaque.clear();
    opaque.set(key, found);
  }
  return found;
}

export function isOpaque(op: Operator): boolean {
  return opaqueOperators.has(op);
}
