/** Finds operators by domain and name. Who asks for one that is not there is told which ones come close. */
import { InferlabError } from "../base/errors.ts";
import type { Operator } from "./operator.ts";
import * as registry from "./registry.gen.ts";

/** "" and "ai.onnx" are two spellings of the default domain. */
export function normalizeDomain(domain: string | undefined): string {
  return domain === undefined || domain === "ai.onnx" ? "" : domain;
}

const key = (domain: string, name: string): string => `${domain}\0${name}`;
const table = new Map<string, Operator>();
for (const op of Object.values(registry) as Operator[]) {
  const id = key(op.domain, op.name);
  if (table.has(id)) throw new Error(`operator ${op.domain}.${op.name} is described twice in src/ops`);
  table.set(id, op);
}

/** Operators made while the program runs: in a cell. */
const registered = new Map<string, Operator>();

/** Makes an operator findable, so that models with it can be read. One of the table stays; an earlier one goes. */
export function registerOperator(op: Operator): void {
  const id = key(op.domain, op.name);
  if (table.has(id))
    throw new InferlabError(
      "ARGUMENT",
      `operator ${op.domain || "ai.onnx"}.${op.name} is in the operator table already`,
    );
  registered.set(id, op);
}

/** Every operator of the table, sorted by domain, then name. */
export function allOperators(): readonly Operator[] {
  return [...table.values()].sort((a, b) => (key(a.domain, a.name) < key(b.domain, b.name) ? -1 : 1));
}

/** The operator, or undefined where the table has none. */
export function findOperator(domain: string | undefined, name: string): Operator | undefined {
  const id = key(normalizeDomain(domain), name);
  return table.get(id) ?? registered.get(id);
}

/** Up to three names that a person may have meant, nearest first. */
export function nearestOperators(domain: string | undefined, name: string): string[] {
  const wanted = name.toLowerCase();
  const home = normalizeDomain(domain);
  return allOperators()
    .map((op) => ({
      label: op.domain ? `${op.domain}.${op.name}` : op.name,
      distance: editDistance(wanted, op.name.toLowerCase()) + (op.domain === home ? 0 : 0.5),
    }))
    .filter(({ distance }) => distance <= Math.max(1.5, name.length * 0.4))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ label }) => label);
}

/** The error for a node whose operator the table does not have. Code: UNKNOWN_OPERATOR. */
export function unknownOperatorError(domain: string | undefined, name: string, node?: string): InferlabError {
  const home = normalizeDomain(domain);
  const near = nearestOperators(domain, name);
  const where = node ? ` (node ${JSON.stringify(node)})` : "";
  const hint = near.length
    ? `did you mean ${near.join(" or ")}?`
    : home && !allOperators().some((op) => op.domain === home)
      ? `no operator of the domain ${JSON.stringify(home)} is in the operator table; it belongs to another library`
      : "an operator is added as one file in src/ops, see CONTRIBUTING.md";
  return new InferlabError(
    "UNKNOWN_OPERATOR",
    `operator ${JSON.stringify(name)} of domain ${JSON.stringify(home || "ai.onnx")}${where} is not in the operator table`,
    { hint, details: { operator: name, domain: home, node, nearest: near } },
  );
}

/** The operator; throws UNKNOWN_OPERATOR, naming the node and the nearest names. */
export function requireOperator(domain: string | undefined, name: string, node?: string): Operator {
  const found = findOperator(domain, name);
  if (!found) throw unknownOperatorError(domain, name, node);
  return found;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
