/** Checks the invariants of a graph that graph.ts promises. Run after every pass in tests, and after users' passes always. */
import { InferlabError } from "../../base/errors.ts";
import { checkInputs } from "../../ops/ports.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { nodeError, nodeLabel, versionOf } from "./interpret.ts";
import { isOpaque } from "./opaque.ts";

function broken(graph: Graph, message: string, node?: Node): never {
  throw new InferlabError("MODEL_INVALID", `graph "${graph.name}": ${message}`, {
    details: { graph: graph.name, node: node?.name },
  });
}

/**
 * Throws MODEL_INVALID, with the node's name, where nodes are not sorted, a value is undefined, named twice or linked
 * wrongly, or a graph output is not computed.
 */
export function verifyGraph(graph: Graph): void {
  const users = new Map<Value, Set<Node>>();
  verify(graph, new Set(), new Set(), users);
  for (const [value, expected] of users) {
    for (const user of expected)
      if (!value.users.has(user)) broken(graph, `"${value.name}" does not know its user ${nodeLabel(user)}`, user);
    for (const user of value.users)
      if (!expected.has(user)) broken(graph, `"${value.name}" lists ${nodeLabel(user)}, which does not use it`, user);
  }
}

function verify(
  graph: Graph,
  outer: ReadonlySet<Value>,
  outerNames: ReadonlySet<string>,
  users: Map<Value, Set<Node>>,
) {
  const visible = new Set(outer);
  const names = new Set(outerNames);
  const define = (value: Value, what: string): void => {
    if (!value.name) broken(graph, `${what} has a value without a name`);
    if (names.has(value.name)) broken(graph, `two values are called "${value.name}" (${what})`);
    names.add(value.name);
    visible.add(value);
    if (!users.has(value)) users.set(value, new Set());
  };
  const constants = new Set<Value>();
  /** A constant belongs to whoever uses it; its name must still differ from all others. */
  const use = (value: Value, what: string): void => {
    if (visible.has(value)) return;
    if (!value.isConstant) broken(graph, `${what} reads "${value.name}" before it is computed`);
    if (!constants.has(value)) define(value, what);
    constants.add(value);
  };
  for (const input of graph.inputs) {
    if (input.producer) broken(graph, `input "${input.name}" is also computed by ${nodeLabel(input.producer)}`);
    define(input, "the inputs");
  }
  const seen = new Set<Node>();
  for (const node of graph.nodes) {
    const label = nodeLabel(node);
    if (seen.has(node)) broken(graph, `${label} is listed twice`, node);
    seen.add(node);
    for (const input of node.inputs) {
      if (!input) continue;
      use(input, label);
      if (!users.has(input)) users.set(input, new Set());
      users.get(input)!.add(node);
    }
    for (const [name, inner] of node.subgraphs()) {
      if (inner.parent !== graph) broken(graph, `subgraph ${name} of ${label} has another parent`, node);
      verify(inner, visible, names, users);
    }
    for (const output of node.outputs) {
      if (!output) continue;
      if (output.producer !== node) broken(graph, `"${output.name}" does not know its producer ${label}`, node);
      if (output.isConstant) broken(graph, `"${output.name}" is a constant and computed by ${label}`, node);
      define(output, label);
    }
  }
  for (const output of graph.outputs) {
    if (!visible.has(output) && !output.isConstant)
      broken(graph, `output "${output.name}" is not computed in this graph`);
  }
}

/** Calls `fail` for every node that lacks an input or reads an element type its operator does not take. */
function checkPorts(graph: Graph, fail: (node: Node, message: string) => void): void {
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes) {
      if (isOpaque(node.operator)) continue;
      const given = node.inputs.map((value) => value && (value.type?.kind === "tensor" ? value.type.dtype : "unknown"));
      try {
        checkInputs(node.operator, versionOf(node), given, (code, message) => {
          throw new InferlabError(code, message);
        });
      } catch (error) {
        if (!(error instanceof InferlabError)) throw error;
        fail(node, error.message);
      }
    }
}

/** Nodes that lack an input or read an element type their operator does not take; some engines run them all the same. */
export function nodesOfWrongPorts(graph: Graph): Set<Node> {
  const found = new Set<Node>();
  checkPorts(graph, (node) => found.add(node));
  return found;
}

/**
 * Throws DTYPE, with the node's name, where a node lacks an input or reads an element type that its operator does not take:
 * what inference lets pass and a run does not. `known` are nodes not to look at.
 */
export function verifyPorts(graph: Graph, known: ReadonlySet<Node> = new Set()): void {
  checkPorts(graph, (node, message) => {
    if (!known.has(node)) throw nodeError(node, "DTYPE", message);
  });
}
